// Rows of integers whose products with one query gather in sixteen lanes: the lanes of sixteen rows are added
// up together, and their scores are computed as one vector.
#pragma once

#include "kernels/i8/quantise512.h"
#include "kernels/rows512.h"

namespace lilliput::avx512 {
namespace {

constexpr uint32_t kScored = 16;  // rows

// Lane r: the sum of all lanes of v[r].
inline __m512i sum_each(const __m512i (&v)[kScored]) {
  const auto add_halves = [](__m512i a, __m512i b) {
    return _mm512_add_epi32(_mm512_shuffle_i64x2(a, b, 0x88), _mm512_shuffle_i64x2(a, b, 0xdd));
  };
  __m512i pair[8], quad[4];
  for (int i = 0; i < 8; ++i)
    pair[i] = _mm512_add_epi32(_mm512_unpacklo_epi32(v[2 * i], v[2 * i + 1]),
                               _mm512_unpackhi_epi32(v[2 * i], v[2 * i + 1]));
  for (int i = 0; i < 4; ++i)
    quad[i] = _mm512_add_epi32(_mm512_unpacklo_epi64(pair[2 * i], pair[2 * i + 1]),
                               _mm512_unpackhi_epi64(pair[2 * i], pair[2 * i + 1]));
  return add_halves(add_halves(quad[0], quad[1]), add_halves(quad[2], quad[3]));
}

// What `integer_score` does, sixteen at a time; of(factors) are those of the rows.
template <class Of>
inline __m512 score_by(const Codes& codes, const QueryHead& head, __m512i dots, const Of& of) {
  __m512 factor = _mm512_set1_ps(head.scale);
  if (codes.alpha) factor = _mm512_mul_ps(factor, of(codes.alpha));
  __m512 score = _mm512_mul_ps(_mm512_cvtepi32_ps(dots), factor);
  if (codes.shift) {
    const __m512 total = _mm512_set1_ps(QueryFactors(head).total);
    score = _mm512_add_ps(score, _mm512_mul_ps(of(codes.shift), total));
  }
  if (codes.beta) score = _mm512_add_ps(score, of(codes.beta));
  return _mm512_add_ps(score, _mm512_set1_ps(head.bias));
}

inline __m512 score_each(const Codes& codes, uint64_t first, const QueryHead& head, __m512i dots) {
  return score_by(codes, head, dots, [&](const float* factors) { return _mm512_loadu_ps(factors + first); });
}

// A row's dot product is `times` times the sum of lanes(row), less `taken`.
template <class Lanes>
struct LaneScore {
  const Codes& codes;
  QueryHead head;
  Lanes lanes;
  int32_t times, taken;

  float operator()(const std::byte* row, uint64_t i) const {
    const int32_t dot = times * _mm512_reduce_add_epi32(lanes(row)) - taken;
    return integer_score(dot, QueryFactors(head), codes, i);
  }

  __m512 sixteen(const std::byte* row, uint64_t first) const {
    __m512i sums[kScored];
    for (uint32_t r = 0; r < kScored; ++r, row += codes.row_bytes) {
      fetch_ahead(row, codes.row_bytes);
      if (codes.more) fetch_ahead(codes.more + (first + r) * codes.more_bytes, codes.more_bytes);
      sums[r] = lanes(row);
    }
    return score_each(codes, first, head, dots(sums));
  }

  // Sixteen rows in any order; the next sixteen are asked for.
  __m512 sixteen(const uint32_t* rows, const uint32_t* next, uint32_t n_next) const {
    __m512i sums[kScored];
    for (uint32_t r = 0; r < kScored; ++r) {
      if (r < n_next) fetch(codes, next[r]);
      sums[r] = lanes(codes.rows + size_t{rows[r]} * codes.row_bytes);
    }
    uint64_t places[kScored];
    for (uint32_t r = 0; r < kScored; ++r) places[r] = rows[r];
    const __m512i low = _mm512_loadu_si512(places), high = _mm512_loadu_si512(places + 8);
    return score_by(codes, head, dots(sums), [&](const float* factors) {
      const __m512 first = _mm512_castps256_ps512(_mm512_i64gather_ps(low, factors, 4));
      return _mm512_insertf32x8(first, _mm512_i64gather_ps(high, factors, 4), 1);
    });
  }

  __m512i dots(const __m512i (&sums)[kScored]) const {
    const __m512i whole = _mm512_mullo_epi32(sum_each(sums), _mm512_set1_epi32(times));
    return _mm512_sub_epi32(whole, _mm512_set1_epi32(taken));
  }
};

template <class Lanes>
inline void block_lanes(uint64_t first, uint32_t n, const LaneScore<Lanes>& score, float* scores) {
  const Codes& codes = score.codes;
  uint32_t i = 0;
  for (; i + kScored <= n; i += kScored)
    _mm512_storeu_ps(scores + i, score.sixteen(codes.rows + (first + i) * codes.row_bytes, first + i));
  block_rows(codes, first + i, n - i, score, scores + i);
}

template <class Lanes>
inline void gather_lanes(const uint32_t* rows, uint32_t n, const LaneScore<Lanes>& score, float* scores) {
  uint32_t i = 0;
  for (; i + kScored <= n; i += kScored)
    _mm512_storeu_ps(scores + i, score.sixteen(rows + i, rows + i + kScored, n - i - kScored));
  gather_rows(score.codes, rows + i, n - i, score, scores + i);
}

}  // namespace
}  // namespace lilliput::avx512
