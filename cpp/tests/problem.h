// Rows of one kind behind a fence, and what every table is compared with: the portable kernels.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "check.h"
#include "fenced.h"
#include "lilliput/codes.h"
#include "lilliput/isa.h"
#include "random.h"

namespace lilliput::tests {
namespace {

// Those whose rows hold numbers; words have tests of their own.
constexpr Kind kKinds[] = {Kind::f32, Kind::f16, Kind::bf16, Kind::e4m3, Kind::e5m2,
                           Kind::i8,  Kind::i4,  Kind::bits, Kind::b2,   Kind::b3,
                           Kind::b4,  Kind::b5,  Kind::b6,   Kind::b7,   Kind::b8};

// Whether rows are scaled, each by its own factor.
inline bool scaled(Kind kind) {
  return kind == Kind::e4m3 || kind == Kind::e5m2 || kind == Kind::i8 || kind == Kind::i4 ||
         (kind >= Kind::b2 && kind <= Kind::b8);
}

inline std::vector<uint32_t> dims() {
  std::vector<uint32_t> out;
  for (uint32_t d = 1; d <= 130; ++d) out.push_back(d);
  for (uint32_t d : {192u, 256u, 384u, 768u, 1000u, 1032u, 1033u, 16387u}) out.push_back(d);
  return out;
}

inline std::vector<Isa> wide() {
  std::vector<Isa> out;
  for (Isa isa : {Isa::avx2, Isa::avx512, Isa::amx, Isa::neon})
    if (usable(isa)) out.push_back(isa);
  return out;
}

// Rows of any kind: those of planes have `more`.
inline void encode_any(Kind kind, Isa isa, uint32_t dim, uint64_t n, const float* x, std::byte* rows,
                       std::byte* more, float* alpha, float* beta) {
  const Kernels& table = *kernels(kind, isa);
  if (table.encode) return table.encode(dim, n, x, rows, alpha, beta);
  table.encode_planes(dim, n, x, rows, more, alpha, beta);
}

// Rows of one kind, encoded by the portable kernels, with or without factors.
struct Problem {
  Kind kind;
  uint32_t dim, n;
  bool with_beta, has_alpha, has_shift;
  Fenced<float> x;
  Fenced<std::byte> rows, more;
  Fenced<float> alpha, beta, shift;

  Problem(Kind which, uint32_t d, uint32_t count, bool norms, Random& random)
      : kind(which),
        dim(d),
        n(count),
        with_beta(norms),
        has_alpha(scaled(which)),
        has_shift(has_alpha && !sums_floats(which) && d % 3 == 0),
        x(size_t{d} * count),
        rows(size_t{row_bytes(which, d)} * count),
        more(size_t{more_bytes(which, d)} * count),
        alpha(count),
        beta(count),
        shift(count) {
    for (size_t i = 0; i < shift.size(); ++i) shift[i] = random.normal();
    for (size_t i = 0; i < x.size(); ++i) x[i] = d % 7 == 3 ? random.awkward() : random.normal();
    encode(Isa::portable, rows, more, alpha, beta);
  }

  void encode(Isa isa, Fenced<std::byte>& to, Fenced<std::byte>& lower, Fenced<float>& a,
              Fenced<float>& b) const {
    encode_any(kind, isa, dim, n, x.data(), to.data(), lower.data(), has_alpha ? a.data() : nullptr,
               with_beta ? b.data() : nullptr);
  }
  Codes codes() const {
    const bool factors = with_beta && kind != Kind::bits;
    return {kind,
            dim,
            row_bytes(kind, dim),
            n,
            rows.data(),
            has_alpha ? alpha.data() : nullptr,
            factors ? beta.data() : nullptr,
            nullptr,
            nullptr,
            nullptr,
            has_shift ? shift.data() : nullptr,
            more_bytes(kind, dim),
            more.size() ? more.data() : nullptr};
  }
  std::string name(Isa isa) const {
    return std::string(lilliput::name(kind)) + " " + lilliput::name(isa) + " d=" + std::to_string(dim) +
           " n=" + std::to_string(n);
  }
};

template <class Check>
void each_problem(Check check) {
  Random random(7);
  for (Kind kind : kKinds)
    for (uint32_t d : dims())
      check(Problem(kind, d, d > 1000 ? 9 : 1 + random.below(70), d % 2 == 0, random), random);
}

// The queries of a problem, prepared for one instruction set.
struct Prepared {
  Fenced<std::byte> bytes;
  Prepared(const Problem& p, Isa isa, const Fenced<float>& query, float bias)
      : bytes(kernels(p.kind, isa)->query_bytes(p.codes()), 64) {
    kernels(p.kind, isa)->prepare(p.codes(), query.data(), bias, bytes.data());
  }
};

// Float scores may differ by the order of their sums; integer ones not at all.
inline void compare(const Problem& p, Isa isa, const Fenced<float>& query, const float* expected,
                    const float* actual, const uint32_t* rows) {
  const Codes codes = p.codes();
  for (uint32_t i = 0; i < p.n; ++i) {
    const uint32_t row = rows ? rows[i] : i;
    double size = codes.beta ? std::fabs(codes.beta[row]) : 0.0;
    for (uint32_t k = 0; k < p.dim; ++k) size += std::fabs(double{p.x[size_t{row} * p.dim + k]} * query[k]);
    const double bound = sums_floats(p.kind) ? 4 * 0x1p-23 * std::sqrt(p.dim + 1.0) * (size + 1) : 0.0;
    CHECK(std::fabs(double{expected[i]} - actual[i]) <= bound, p.name(isa) + " row " + std::to_string(row) +
                                                                   ": " + std::to_string(expected[i]) +
                                                                   " and " + std::to_string(actual[i]));
  }
}

inline Fenced<float>& fill(Fenced<float>& query, Random& random) {
  for (size_t i = 0; i < query.size(); ++i) query[i] = random.normal();
  return query;
}

// A panel of the problem's rows in the form of one tile.
struct Loaded {
  Codes codes;
  Fenced<std::byte> memory;
  Panel panel;
  Loaded(const Problem& p, const Tile& tile)
      : codes(p.codes()),
        memory(tile.panel_bytes(p.dim, p.n) + 1, 64),
        panel{&codes, codes.rows, codes.row_bytes, nullptr, 0.0f, p.n, 0, nullptr} {
    if (tile.load) tile.load(panel, memory.data());
  }
};

}  // namespace
}  // namespace lilliput::tests
