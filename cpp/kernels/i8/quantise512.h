// Queries on a symmetric integer grid, as every integer kernel takes them.
#pragma once

#include <immintrin.h>

#include "kernels/i8/digits.h"
#include "lilliput/codes.h"

namespace lilliput::avx512 {
namespace {

inline __mmask16 first_lanes(uint32_t left) {
  return left < 16 ? static_cast<__mmask16>((1u << left) - 1) : static_cast<__mmask16>(0xffff);
}

inline float largest(const float* x, uint32_t dim) {
  __m512 m = _mm512_setzero_ps();
  for (uint32_t i = 0; i < dim; i += 16)
    m = _mm512_max_ps(m, _mm512_abs_ps(_mm512_maskz_loadu_ps(first_lanes(dim - i), x + i)));
  return _mm512_reduce_max_ps(m);
}

struct Quantised {
  float scale;  // one step
  int32_t sum;  // of all elements
};

inline __m512i shifted(__m512i x, uint32_t bits) {
  return _mm512_sll_epi32(x, _mm_cvtsi32_si128(static_cast<int>(bits)));
}

// q_i = rint(x_i * (levels / max|x|)); a zero or subnormal query becomes zeros. Low digits, of which there
// are low_bits on top of the levels, lie `apart` bytes behind the high ones.
template <uint32_t Digits = 1>
inline Quantised quantise(const float* x, uint32_t dim, int32_t most, int8_t* out, size_t apart = 0) {
  const uint32_t bits = bits_below<Digits>(dim);
  const float levels = static_cast<float>(most << bits);
  const float m = largest(x, dim), inverse = levels / m;
  const bool flat = m == 0.0f || inverse == __builtin_inff();
  const __m512 factor = _mm512_set1_ps(flat ? 0.0f : inverse);
  __m512i sum = _mm512_setzero_si512();
  for (uint32_t i = 0; i < dim; i += 16) {
    const __mmask16 mask = first_lanes(dim - i);
    const __m512i q = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_maskz_loadu_ps(mask, x + i), factor));
    sum = _mm512_add_epi32(sum, q);
    __m512i high = q;
    if constexpr (Digits > 1) {
      const __m512i half = _mm512_set1_epi32((1 << bits) / 2);
      high = _mm512_sra_epi32(_mm512_add_epi32(q, half), _mm_cvtsi32_si128(static_cast<int>(bits)));
      _mm512_mask_cvtepi32_storeu_epi8(out + apart + i, mask, _mm512_sub_epi32(q, shifted(high, bits)));
    }
    _mm512_mask_cvtepi32_storeu_epi8(out + i, mask, high);
  }
  return {flat ? 0.0f : m / levels, _mm512_reduce_add_epi32(sum)};
}

// The one formula that every instruction set rounds alike.
struct QueryFactors {
  float scale, total, bias;  // of the query; total: scale times the sum of its elements
  explicit QueryFactors(const QueryHead& head)
      : scale(head.scale), total(head.scale * static_cast<float>(head.sum)), bias(head.bias) {}
  QueryFactors(float s, float t, float b) : scale(s), total(t), bias(b) {}
};

inline float integer_score(int32_t dot, const QueryFactors& query, const Codes& codes, uint64_t row) {
  float score = static_cast<float>(dot) * (codes.alpha ? query.scale * codes.alpha[row] : query.scale);
  if (codes.shift) score = score + codes.shift[row] * query.total;
  if (codes.beta) score = score + codes.beta[row];
  return score + query.bias;
}

}  // namespace
}  // namespace lilliput::avx512
