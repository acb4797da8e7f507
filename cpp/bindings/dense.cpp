// Float matrices: projection, normalisation, rotation, folding, clamping, and the check for NaN and Inf.
#include "lilliput/dense.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

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
  const auto packed = std::make_unique_for_overwrite<float[]>(table.packed_floats(dim, out_dim));
  table.pack(dim, out_dim, matrix.data(), packed.get());
  const uint64_t n = x.shape(0);
  const Fresh<float> y(n * out_dim);
  if (dim == 0) std::fill(y.data, y.data + n * out_dim, 0.0f);  // sums of nothing, which kernels leave alone
  by_rows(dim ? n : 0, threads, [&](uint64_t first, uint64_t count) {
    table.project(dim, out_dim, count, x.data() + first * dim, packed.get(), pointer(offset),
                  y.data + first * out_dim);
  });
  return y.array(n, out_dim);
}

std::tuple<Out<float, 2>, float> unit_rows(In<float, 2> x, unsigned threads, const std::string& isa) {
  const uint32_t dim = static_cast<uint32_t>(x.shape(1));
  const uint64_t n = x.shape(0);
  const Dense& table = *dense(isa_named(isa));
  const Fresh<float> y(n * dim);
  std::vector<float> most(n / kRun + 1);
  by_rows(n, threads, [&](uint64_t first, uint64_t count) {
    most[first / kRun] = table.place(dim, count, x.data() + first * dim, true, nullptr, y.data + first * dim);
  });
  return {y.array(n, dim), *std::max_element(most.begin(), most.end())};
}

Out<float, 2> normalize(In<float, 2> x, unsigned threads, const std::string& isa) {
  return std::get<0>(unit_rows(x, threads, isa));
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

Out<float, 2> settle(In<float, 2> x, uint32_t bits, In<float, 2> directions, Into<float, 1> alpha,
                     unsigned threads, const std::string& isa) {
  require(bits >= 1 && bits <= 8, "bits must be 1 to 8");
  const uint32_t dim = static_cast<uint32_t>(x.shape(1)), count = static_cast<uint32_t>(directions.shape(0));
  const uint64_t n = x.shape(0);
  require(directions.shape(1) == dim && count <= kDirections, "directions must be (at most 32, dim)");
  require(alpha.shape(0) == n, "alpha must be (n,)");
  std::vector<float> of(size_t{dim} * kDirections), norms(dim, 1.0f);
  for (uint32_t j = 0; j < dim; ++j)
    for (uint32_t k = 0; k < count; ++k) {
      const float along = directions.data()[size_t{k} * dim + j];
      of[size_t{j} * kDirections + k] = along;
      norms[j] += along * along;
    }
  const Dense& table = *dense(isa_named(isa));
  const Fresh<float> integers(n * dim);
  by_rows(n, threads, [&](uint64_t first, uint64_t rows) {
    table.settle(dim, rows, bits, x.data() + first * dim, {of.data(), norms.data()},
                 integers.data + first * dim, alpha.data() + first);
  });
  return integers.array(n, dim);
}

std::tuple<Out<float, 2>, Out<float, 1>, Out<float, 1>, Out<float, 1>> lines(In<float, 2> x, uint32_t bits,
                                                                             unsigned threads,
                                                                             const std::string& isa) {
  require(bits >= 1 && bits <= 8, "bits must be 1 to 8");
  const uint32_t dim = static_cast<uint32_t>(x.shape(1));
  const uint64_t n = x.shape(0);
  const Dense& table = *dense(isa_named(isa));
  const Fresh<float> integers(n * dim), alpha(n), shift(n), beta(n);
  by_rows(n, threads, [&](uint64_t first, uint64_t count) {
    table.lines(dim, count, bits, x.data() + first * dim, integers.data + first * dim, alpha.data + first,
                shift.data + first, beta.data + first);
  });
  return {integers.array(n, dim), alpha.array(n), shift.array(n), beta.array(n)};
}

Out<float, 2> turn(In<float, 2> x, In<uint8_t, 2> signs, bool inverse, unsigned threads,
                   const std::string& isa) {
  const uint32_t dim = static_cast<uint32_t>(x.shape(1)), rounds = static_cast<uint32_t>(signs.shape(0));
  require(signs.shape(1) == dim, "signs must be (rounds, dim)");
  const uint64_t n = x.shape(0);
  const Dense& table = *dense(isa_named(isa));
  const Fresh<float> y(n * dim);
  by_rows(n, threads, [&](uint64_t first, uint64_t count) {
    std::memcpy(y.data + first * dim, x.data() + first * dim, count * dim * sizeof(float));
    table.rotate(dim, count, rounds, signs.data(), inverse, y.data + first * dim);
  });
  return y.array(n, dim);
}

// The greatest squared length.
float longest(In<float, 2> x, const std::string& isa) {
  constexpr uint64_t kFew = 64;
  const uint32_t dim = static_cast<uint32_t>(x.shape(1));
  const Dense& table = *dense(isa_named(isa));
  float squares[kFew], most = 0.0f;
  const nb::gil_scoped_release released;
  for (uint64_t first = 0; first < x.shape(0); first += kFew) {
    const uint64_t count = std::min(kFew, x.shape(0) - first);
    table.norm2(dim, count, x.data() + first * dim, squares);
    most = std::max(most, *std::max_element(squares, squares + count));
  }
  return most;
}

// A table from a file must not lead out of a row, nor leave a number of it unwritten.
bool is_permutation(const uint32_t* order, uint32_t dim) {
  std::vector<uint8_t> seen(dim);
  for (uint32_t k = 0; k < dim; ++k) {
    if (order[k] >= dim || seen[order[k]]) return false;
    seen[order[k]] = 1;
  }
  return true;
}

void check_groups(uint32_t dim, uint32_t out_dim, In<uint32_t, 1> order, In<uint8_t, 1> signs) {
  require(out_dim > 0 && out_dim <= dim, "there must be 1 to dim groups");
  require(order.shape(0) == dim && signs.shape(0) == dim, "order and signs must be (dim,)");
  require(is_permutation(order.data(), dim), "order must hold each coordinate once");
}

Out<float, 2> fold_rows(In<float, 2> x, In<uint32_t, 1> order, In<uint8_t, 1> signs, uint32_t out_dim,
                        unsigned threads) {
  const uint32_t dim = static_cast<uint32_t>(x.shape(1));
  check_groups(dim, out_dim, order, signs);
  const uint64_t n = x.shape(0);
  const Fresh<float> y(n * out_dim);
  by_rows(n, threads, [&](uint64_t first, uint64_t count) {
    fold(dim, out_dim, count, order.data(), signs.data(), x.data() + first * dim, y.data + first * out_dim);
  });
  return y.array(n, out_dim);
}

Out<float, 2> unfold_rows(In<float, 2> y, In<uint32_t, 1> order, In<uint8_t, 1> signs, unsigned threads) {
  const uint32_t dim = static_cast<uint32_t>(order.shape(0)), out_dim = static_cast<uint32_t>(y.shape(1));
  check_groups(dim, out_dim, order, signs);
  const uint64_t n = y.shape(0);
  const Fresh<float> x(n * dim);
  by_rows(n, threads, [&](uint64_t first, uint64_t count) {
    unfold(dim, out_dim, count, order.data(), signs.data(), y.data() + first * out_dim, x.data + first * dim);
  });
  return x.array(n, dim);
}

Out<float, 2> clamp_rows(In<float, 2> x, float limit, unsigned threads) {
  require(limit >= 0.0f, "limit must be a number from 0");
  const uint64_t n = x.shape(0), dim = x.shape(1);
  const Fresh<float> y(n * dim);
  by_rows(n, threads, [&](uint64_t first, uint64_t count) {
    clamp(count * dim, limit, x.data() + first * dim, y.data + first * dim);
  });
  return y.array(n, dim);
}

int64_t first_bad_row(In<float, 2> x) {
  const uint64_t n = x.shape(0);
  const nb::gil_scoped_release released;
  const uint64_t bad = first_bad(static_cast<uint32_t>(x.shape(1)), n, x.data());
  return bad < n ? static_cast<int64_t>(bad) : -1;
}

}  // namespace

void bind_dense(nb::module_& m) {
  m.def("project", &project, "x"_a, "matrix"_a, "offset"_a = nb::none(), "threads"_a = 0, "isa"_a = "",
        "(x - offset) @ matrix.T, the same bits on every machine.");
  m.def("normalize", &normalize, "x"_a, "threads"_a = 0, "isa"_a = "",
        "Rows over their norms; zero rows stay zero.");
  m.def("unit_rows", &unit_rows, "x"_a, "threads"_a = 0, "isa"_a = "",
        "Rows over their norms, and the greatest squared length that one had.");
  m.def("squared_norms", &squared_norms, "x"_a, "threads"_a = 0, "isa"_a = "", "|x|^2 of each row.");
  m.def("longest", &longest, "x"_a, "isa"_a = "", "The greatest squared length of a row; 0 of no rows.");
  m.def("settle", &settle, "x"_a, "bits"_a, "directions"_a, "alpha"_a.noconvert(), "threads"_a = 0,
        "isa"_a = "",
        "Integers v near x / alpha, odd below 8 bits, whose errors avoid directions (k, dim); alpha becomes "
        "|x|^2 / dot(x, "
        "v).");
  m.def("lines", &lines, "x"_a, "bits"_a, "threads"_a = 0, "isa"_a = "",
        "Odd integers v near each row, and alpha, shift and beta: x is near shift + alpha * v.");
  m.def("rotate", &turn, "x"_a, "signs"_a, "inverse"_a = false, "threads"_a = 0, "isa"_a = "",
        "Rows turned by rounds of sign flips (a set byte flips) and Walsh-Hadamard transforms.");
  m.def("fold", &fold_rows, "x"_a, "order"_a, "signs"_a, "out_dim"_a, "threads"_a = 0,
        "Sums of groups of coordinates (a set byte flips one) over the root of the group's size.");
  m.def("unfold", &unfold_rows, "y"_a, "order"_a, "signs"_a, "threads"_a = 0, "The transpose of fold.");
  m.def("clamp", &clamp_rows, "x"_a, "limit"_a, "threads"_a = 0,
        "Numbers held within plus and minus a limit.");
  m.def("first_bad_row", &first_bad_row, "x"_a, "The first row with a NaN or an Inf, or -1.");
}

}  // namespace lilliput
