// The AVX2 tile of every kind: 4 or 6 rows x 16 queries in registers. One step takes four bytes of a row (one
// float, two int16, four bytes), spreads them, and multiplies them by the same step of eight queries, which
// lie side by side.
#pragma once

#include "kernels/avx2.h"
#include "kernels/rows.h"

namespace lilliput::avx2 {
namespace {

// A group: scale[64], bias[64], sum[64], then 4 strips of 16 queries: [steps][16 queries][4 bytes].
constexpr uint32_t kStrip = 16;
constexpr size_t kStepBytes = kStrip * 4;

struct Group {
  float scale[kGroup], bias[kGroup];
  int32_t sum[kGroup];
};

inline size_t group_bytes(uint32_t steps) { return sizeof(Group) + size_t{steps} * kGroup * 4; }

// Where step `step` of query `q` lies.
inline std::byte* step_of(std::byte* group, uint32_t steps, uint32_t q, uint32_t step) {
  const size_t strip = q / kStrip * (steps * kStepBytes);
  return group + sizeof(Group) + strip + step * kStepBytes + size_t{q % kStrip} * 4;
}

// How a kind multiplies. kRows: whose sums fit the registers beside what is loaded. kSteps: after so many
// steps its sums must be widened.
struct MultiplyFloats {
  using Sum = __m256;
  using Total = __m256;
  static constexpr uint32_t kRows = 6;
  static constexpr uint32_t kSteps = UINT32_MAX;
  static Sum zero() { return _mm256_setzero_ps(); }
  static Sum spread(const std::byte* row) { return _mm256_broadcast_ss(reinterpret_cast<const float*>(row)); }
  static Sum load(const std::byte* queries) { return load_floats(queries); }
  static Sum step(Sum x, Sum q, Sum sum) { return _mm256_fmadd_ps(x, q, sum); }
  static Total add(Total, Sum sum) { return sum; }
  static __m256 dot(Total total, const int32_t*) { return total; }
};

struct Integers {
  using Sum = __m256i;
  using Total = __m256i;
  static constexpr uint32_t kRows = 4;
  static Sum zero() { return _mm256_setzero_si256(); }
  static Sum spread(const std::byte* row) {
    int32_t four;
    __builtin_memcpy(&four, row, 4);
    return _mm256_set1_epi32(four);
  }
  static Sum load(const std::byte* queries) { return load_bytes(queries); }
};

// Pairs of int16. Of bytes by queries of one digit int32 holds the sums of any dimension below 132,000; of
// queries of two, of any.
struct MultiplyShorts : Integers {
  static constexpr uint32_t kSteps = UINT32_MAX;
  static Sum step(Sum x, Sum q, Sum sum) { return _mm256_add_epi32(sum, _mm256_madd_epi16(x, q)); }
  static Total add(Total, Sum sum) { return sum; }
  static __m256 dot(Total total, const int32_t*) { return _mm256_cvtepi32_ps(total); }
};

// Rows of zeros and ones by queries within +-7: a step adds 14 at most to an int16.
struct MultiplyBits : Integers {
  static constexpr uint32_t kSteps = 2048;
  static Sum step(Sum x, Sum q, Sum sum) { return _mm256_add_epi16(sum, _mm256_maddubs_epi16(x, q)); }
  static Total add(Total total, Sum sum) {
    return _mm256_add_epi32(total, _mm256_madd_epi16(sum, _mm256_set1_epi16(1)));
  }
  static __m256 dot(Total total, const int32_t* sums) {
    return _mm256_cvtepi32_ps(_mm256_sub_epi32(_mm256_add_epi32(total, total), load_bytes(sums)));
  }
};

template <class Multiply, int R>
inline void multiply(const std::byte* rows, size_t stride, const std::byte* queries, uint32_t steps,
                     typename Multiply::Total (&total)[R][2]) {
  typename Multiply::Sum sum[R][2];
  for (int r = 0; r < R; ++r) sum[r][0] = sum[r][1] = Multiply::zero();
  for (uint32_t s = 0; s < steps; ++s, rows += 4, queries += kStepBytes) {
    const auto q0 = Multiply::load(queries), q1 = Multiply::load(queries + 32);
    for (int r = 0; r < R; ++r) {
      const auto x = Multiply::spread(rows + r * stride);
      sum[r][0] = Multiply::step(x, q0, sum[r][0]);
      sum[r][1] = Multiply::step(x, q1, sum[r][1]);
    }
  }
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < 2; ++v) total[r][v] = Multiply::add(total[r][v], sum[r][v]);
}

template <class Multiply, int R>
inline void tile_rows(const Panel& panel, uint32_t first, const std::byte* group, uint32_t steps,
                      uint32_t strip, float* out) {
  const Group& g = *reinterpret_cast<const Group*>(group);
  const std::byte* rows = panel.rows + first * panel.stride;
  const std::byte* queries = group + sizeof(Group) + size_t{strip} * steps * kStepBytes;
  typename Multiply::Total total[R][2];
  for (int r = 0; r < R; ++r) total[r][0] = total[r][1] = Multiply::zero();
  for (uint32_t s = 0; s < steps;) {
    const uint32_t chunk = steps - s < Multiply::kSteps ? steps - s : Multiply::kSteps;
    multiply<Multiply, R>(rows + size_t{s} * 4, panel.stride, queries + s * kStepBytes, chunk, total);
    s += chunk;
  }
  const float *alpha = panel.codes->alpha, *beta = panel.codes->beta, *shift = panel.codes->shift;
  for (int r = 0; r < R; ++r) {
    const uint32_t i = first + static_cast<uint32_t>(r);
    for (uint32_t v = 0; v < 2; ++v) {
      const uint32_t q = strip * kStrip + 8 * v;
      __m256 factor = load_floats(g.scale + q);
      if (alpha) factor = _mm256_mul_ps(factor, _mm256_set1_ps(alpha[i]));
      __m256 score = _mm256_mul_ps(Multiply::dot(total[r][v], g.sum + q), factor);
      if (shift) {
        const __m256 sum = _mm256_mul_ps(load_floats(g.scale + q), _mm256_cvtepi32_ps(load_bytes(g.sum + q)));
        score = _mm256_add_ps(score, _mm256_mul_ps(_mm256_set1_ps(shift[i]), sum));
      }
      if (beta) score = _mm256_add_ps(score, _mm256_set1_ps(beta[i]));
      _mm256_storeu_ps(out + size_t{i} * kGroup + q, _mm256_add_ps(score, load_floats(g.bias + q)));
    }
  }
}

template <class Multiply>
inline void tile_left(const Panel& panel, uint32_t first, const std::byte* group, uint32_t steps,
                      uint32_t strip, float* out) {
  switch (panel.n - first) {
    case 1:
      return tile_rows<Multiply, 1>(panel, first, group, steps, strip, out);
    case 2:
      return tile_rows<Multiply, 2>(panel, first, group, steps, strip, out);
    case 3:
      return tile_rows<Multiply, 3>(panel, first, group, steps, strip, out);
    case 4:
      return tile_rows<Multiply, 4>(panel, first, group, steps, strip, out);
    case 5:
      return tile_rows<Multiply, 5>(panel, first, group, steps, strip, out);
    default:
      return;
  }
}

// A few rows stay in the first-level cache while every strip of queries passes.
template <class Multiply>
inline void tile_dense(const Panel& panel, const std::byte* group, uint32_t steps, uint32_t n_queries,
                       float* out) {
  const uint32_t strips = (n_queries + kStrip - 1) / kStrip;
  uint32_t i = 0;
  for (; i + Multiply::kRows <= panel.n; i += Multiply::kRows)
    for (uint32_t s = 0; s < strips; ++s)
      tile_rows<Multiply, Multiply::kRows>(panel, i, group, steps, s, out);
  for (uint32_t s = 0; s < strips; ++s) tile_left<Multiply>(panel, i, group, steps, s, out);
}

}  // namespace
}  // namespace lilliput::avx2
