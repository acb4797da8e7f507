// Float matrices: projection, normalisation, rotation, and the check for NaN and Inf.
#include "lilliput/dense.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "bindings/arrays.h"

namespace lilliput {
namespace {

constexpr uint64_t kRun = 256;  // rows a task

template <class Work>
void by_rows(uint64_t n, unsigned threads, const Work& work) {
  const nb::gil_scoped_release released;
  parallel_for((n + kRun - 1) / kRun, threads_or_default(threads),
               [&](uint64_t i, unsigned, Step&) { work(i * kRun, std::min(kRun, n - i * kRun)); });
}

Out<float, 2> project(In<float, 2> x, In<float, 2> matrix, std::optional<In<float, 1>> offset,
                      unsigned threads, const std::string& isa) {
  const uint32_t dim = static_cast<uint32_t>(x.shape(1)), out_dim = static_cast<uint32_t>(matrix.shape(0));
  require(matrix.shape(1) == dim, "matrix must be (out_dim, dim)");
  require(!offset || offset->shape(0) == dim, "offset must be (dim,)");
  const Dense& table = *dense(isa_named(isa));
  std::vector<float> packed(table.packed_floats(dim, out_dim));
  table.pack(dim, out_dim, matrix.data(), packed.data());
  const uint64_t n = x.shape(0);
  const Fresh<float> y(n * out_dim);
  by_rows(n, threads, [&](uint64_t first, uint64_t count) {
    table.project(dim, out_dim, count, x.data() + first * dim, packed.data(), pointer(offset),
                  y.data + first * out_dim);
  });
  return y.array(n, out_dim);
}

Out<float, 2> normalize(In<float, 2> x, unsigned threads, const std::string& isa) {
  const uint32_t dim = static_cast<uint32_t>(x.shape(1));
  const uint64_t n = x.shape(0);
  const Dense& table = *dense(isa_named(isa));
  const Fresh<float> y(n * dim);
  by_rows(n, threads, [&](uint64_t first, uint64_t count) {
    table.normalize(dim, count, x.data() + first * dim, y.data + first * dim);
  });
  return y.array(n, dim);
}

Out<float, 1> squared_norms(In<float, 2> x, unsigned threads, const std::string& isa) {
  const uint32_t dim = static_cast<uint32_t>(x.shape(1));
  const uint64_t n = x.shape(0);
  const Dense& table = *dense(isa_named(isa));
  const Fresh<float> out(n);
  by_rows(n, threads, [&](uint64_t first, uint64_t count) {
    table.norm2(dim, count, x.data() + first * dim, out.data + first);
  });
  return out.array(n);
}

Out<float, 2> turn(In<float, 2> x, In<uint8_t, 2> signs, bool inverse, unsigned threads) {
  const uint32_t dim = static_cast<uint32_t>(x.shape(1)), rounds = static_cast<uint32_t>(signs.shape(0));
  require(signs.shape(1) == dim, "signs must be (rounds, dim)");
  const uint64_t n = x.shape(0);
  const Fresh<float> y(n * dim);
  by_rows(n, threads, [&](uint64_t first, uint64_t count) {
    std::memcpy(y.data + first * dim, x.data() + first * dim, count * dim * sizeof(float));
    rotate(dim, count, rounds, signs.data(), inverse, y.data + first * dim);
  });
  return y.array(n, dim);
}

// A NaN or Inf makes the sum of x - x something else than zero.
int64_t first_bad_row(In<float, 2> x) {
  const size_t dim = x.shape(1);
  const nb::gil_scoped_release released;
  for (size_t r = 0; r < x.shape(0); ++r) {
    const float* row = x.data() + r * dim;
    float zero[8] = {};
    size_t i = 0;
    for (; i + 8 <= dim; i += 8)
      for (size_t j = 0; j < 8; ++j) zero[j] += row[i + j] - row[i + j];
    for (; i < dim; ++i) zero[0] += row[i] - row[i];
    if (std::any_of(zero, zero + 8, [](float z) { return z != 0.0f; })) return static_cast<int64_t>(r);
  }
  return -1;
}

}  // namespace

void bind_dense(nb::module_& m) {
  m.def("project", &project, "x"_a, "matrix"_a, "offset"_a = nb::none(), "threads"_a = 0, "isa"_a = "",
        "(x - offset) @ matrix.T, the same bits on every machine.");
  m.def("normalize", &normalize, "x"_a, "threads"_a = 0, "isa"_a = "",
        "Rows over their norms; zero rows stay zero.");
  m.def("squared_norms", &squared_norms, "x"_a, "threads"_a = 0, "isa"_a = "", "|x|^2 of each row.");
  m.def("rotate", &turn, "x"_a, "signs"_a, "inverse"_a = false, "threads"_a = 0,
        "Rows turned by rounds of sign flips (a set byte flips) and Walsh-Hadamard transforms.");
  m.def("first_bad_row", &first_bad_row, "x"_a, "The first row with a NaN or an Inf, or -1.");
}

}  // namespace lilliput
