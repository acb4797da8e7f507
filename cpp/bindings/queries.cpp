// Queries as the scan takes them, in one call: what one query costs before its scan is mostly calls.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>

#include "bindings/arrays.h"
#include "lilliput/dense.h"

namespace lilliput {
namespace {

constexpr uint64_t kRun = 256;  // rows a task

using Floats = std::optional<In<float, 1>>;

// Keeps the arrays of a form alive; see `bind_queries` for what it does.
class QueryForm {
 public:
  QueryForm(uint32_t dim, float longest, bool unit, bool squared, Floats step, Floats mean, bool centred,
            std::optional<In<uint8_t, 2>> signs, double constant)
      : dim_(dim),
        out_dim_(step && step->shape(0) > 1 ? static_cast<uint32_t>(step->shape(0)) : dim),
        longest_(longest),
        unit_(unit),
        squared_(squared),
        centred_(centred),
        step_(step),
        mean_(mean),
        signs_(signs),
        constant_(constant) {
    require(dim > 0 && out_dim_ >= dim, "step must be (1,) or have a number for each dimension");
    require(!mean || mean->shape(0) >= dim, "mean must be (dim,)");
    require(!centred || (mean && !squared), "centred takes a mean, and scores that are products");
    require(!signs || (signs->shape(1) == dim && out_dim_ == dim), "signs must be (rounds, dim)");
  }

  std::optional<std::tuple<Out<float, 2>, Out<float, 1>>> make(In<float, 2> x,
                                                               std::optional<In<double, 1>> bias) const {
    const uint64_t n = x.shape(0);
    require(x.shape(1) == dim_, "queries must be (m, dim)");
    require(!bias || bias->shape(0) == n, "bias must be (m,)");
    const Dense& table = *dense(isa_named(""));
    const Fresh<float> out(n * out_dim_), biases(n);
    std::atomic<bool> fits{true};
    const auto some = [&](uint64_t first, uint64_t count) {
      for (uint64_t i = first; i < first + count; ++i) {
        const double taken = bias ? bias->data()[i] : 0.0;
        if (!one(table, x.data() + i * dim_, taken, out.data + i * out_dim_, biases.data[i])) fits = false;
      }
    };
    if (n <= kRun) {
      some(0, n);
    } else {
      const nb::gil_scoped_release released;
      parallel_for((n + kRun - 1) / kRun, default_threads(),
                   [&](uint64_t i, unsigned, Step&) { some(i * kRun, std::min(kRun, n - i * kRun)); });
    }
    if (!fits) return {};
    return std::tuple{out.array(n, out_dim_), biases.array(n)};
  }

 private:
  bool one(const Dense& table, const float* x, double taken, float* q, float& bias) const {
    float square;
    table.norm2(dim_, 1, x, &square);
    if (!(square < longest_)) return false;
    if (unit_)
      table.place(dim_, 1, x, true, nullptr, q);
    else
      std::memcpy(q, x, dim_ * sizeof(float));
    std::fill(q + dim_, q + out_dim_, 0.0f);
    bias = static_cast<float>(taken + (squared_ ? distance(q) : product(table, q)));
    if (step_) weigh(q);
    if (signs_) table.rotate(dim_, 1, static_cast<uint32_t>(signs_->shape(0)), signs_->data(), false, q);
    return true;
  }

  // Moves the query to the mean and doubles it; gives minus its squared length.
  double distance(float* q) const {
    if (mean_)
      for (uint32_t i = 0; i < dim_; ++i) q[i] -= mean_->data()[i];
    const double square = sum_of(q, q);
    for (uint32_t i = 0; i < dim_; ++i) q[i] *= 2.0f;
    return -square - constant_;
  }

  double product(const Dense& table, float* q) const {
    if (!mean_) return 0.0;
    const float* mean = mean_->data();
    const double along = sum_of(q, mean);
    if (!centred_) return along;
    float square;
    table.norm2(dim_, 1, q, &square);
    const float length = std::sqrt(square);
    for (uint32_t i = 0; i < dim_; ++i) q[i] -= length * mean[i];
    return along;
  }

  double sum_of(const float* x, const float* y) const {
    constexpr uint32_t kLanes = 8;
    double sum[kLanes] = {};
    uint32_t i = 0;
    for (; i + kLanes <= dim_; i += kLanes)
      for (uint32_t j = 0; j < kLanes; ++j) sum[j] += double{x[i + j]} * double{y[i + j]};
    for (; i < dim_; ++i) sum[0] += double{x[i]} * double{y[i]};
    for (uint32_t half = kLanes / 2; half > 0; half /= 2)
      for (uint32_t j = 0; j < half; ++j) sum[j] += sum[j + half];
    return sum[0];
  }

  void weigh(float* q) const {
    const float* step = step_->data();
    if (step_->shape(0) == 1)
      for (uint32_t i = 0; i < dim_; ++i) q[i] *= step[0];
    else
      for (uint32_t i = 0; i < dim_; ++i) q[i] *= step[i];
  }

  uint32_t dim_, out_dim_;
  float longest_;
  bool unit_, squared_, centred_;
  Floats step_, mean_;
  std::optional<In<uint8_t, 2>> signs_;
  double constant_;
};

}  // namespace

void bind_queries(nb::module_& m) {
  nb::class_<QueryForm>(
      m, "QueryForm",
      "How queries become what a scan takes. `unit`: scaled to unit length first. The query "
      "is then less its length times the mean where `centred`, or, where `squared`, less "
      "the mean and doubled; times step; turned by signs. The bias is its product with the "
      "mean, or minus its squared distance to it and minus the constant.")
      .def(nb::init<uint32_t, float, bool, bool, Floats, Floats, bool, std::optional<In<uint8_t, 2>>,
                    double>(),
           "dim"_a, "longest"_a, "unit"_a, "squared"_a, "step"_a = nb::none(), "mean"_a = nb::none(),
           "centred"_a = false, "signs"_a = nb::none(), "constant"_a = 0.0)
      .def("__call__", &QueryForm::make, "x"_a, "bias"_a = nb::none(),
           "Queries (m, out_dim) and biases (m,), to which `bias` is added; None where a query is not finite "
           "or its squared length reaches `longest`.");
}

}  // namespace lilliput
