// Rows of floats of any width against one float query, 64 dimensions a step; the tail is masked, so nothing
// is read past a row.
#pragma once

#include <immintrin.h>

#include "lilliput/codes.h"

namespace lilliput::avx512 {
namespace {

inline __mmask16 lanes(uint32_t left) {
  return left < 16 ? static_cast<__mmask16>((1u << left) - 1) : static_cast<__mmask16>(0xffff);
}

// A Row loads 16 numbers as floats, kUnit of which make one.
struct F32Row {
  static constexpr float kUnit = 1.0f;
  static __m512 load(const std::byte* row, uint32_t i) { return _mm512_loadu_ps(row + 4 * size_t{i}); }
  static __m512 load(const std::byte* row, uint32_t i, __mmask16 mask) {
    return _mm512_maskz_loadu_ps(mask, row + 4 * size_t{i});
  }
};

struct F16Row {
  static constexpr float kUnit = 1.0f;
  static __m512 load(const std::byte* row, uint32_t i) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(row + 2 * size_t{i})));
  }
  static __m512 load(const std::byte* row, uint32_t i, __mmask16 mask) {
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(mask, row + 2 * size_t{i}));
  }
};

struct BF16Row {
  static constexpr float kUnit = 1.0f;
  static __m512 load(const std::byte* row, uint32_t i) {
    return widen(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(row + 2 * size_t{i})));
  }
  static __m512 load(const std::byte* row, uint32_t i, __mmask16 mask) {
    return widen(_mm256_maskz_loadu_epi16(mask, row + 2 * size_t{i}));
  }
  static __m512 widen(__m256i x) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16));
  }
};

// A byte that Half turns into an IEEE half.
template <class Half>
struct ByteRow {
  static constexpr float kUnit = Half::kUnit;
  static __m512 load(const std::byte* row, uint32_t i) {
    return _mm512_cvtph_ps(Half::of(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row + i))));
  }
  static __m512 load(const std::byte* row, uint32_t i, __mmask16 mask) {
    return _mm512_cvtph_ps(Half::of(_mm_maskz_loadu_epi8(mask, row + i)));
  }
};

// The half's bias is larger by 8; bit 14 is a copy of the sign.
struct E4M3Half {
  static constexpr float kUnit = 256.0f;
  static __m256i of(__m128i x) {
    return _mm256_andnot_si256(_mm256_set1_epi16(0x4000), _mm256_slli_epi16(_mm256_cvtepi8_epi16(x), 7));
  }
};

struct E5M2Half {
  static constexpr float kUnit = 1.0f;
  static __m256i of(__m128i x) { return _mm256_slli_epi16(_mm256_cvtepu8_epi16(x), 8); }
};

using E4M3Row = ByteRow<E4M3Half>;
using E5M2Row = ByteRow<E5M2Half>;

// Four accumulators a row hide the latency of the multiply-add.
template <class Row>
inline float dot(const std::byte* row, const float* query, uint32_t dim) {
  __m512 sum[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
  uint32_t i = 0;
  for (; i + 64 <= dim; i += 64) {
    sum[0] = _mm512_fmadd_ps(Row::load(row, i), _mm512_loadu_ps(query + i), sum[0]);
    sum[1] = _mm512_fmadd_ps(Row::load(row, i + 16), _mm512_loadu_ps(query + i + 16), sum[1]);
    sum[2] = _mm512_fmadd_ps(Row::load(row, i + 32), _mm512_loadu_ps(query + i + 32), sum[2]);
    sum[3] = _mm512_fmadd_ps(Row::load(row, i + 48), _mm512_loadu_ps(query + i + 48), sum[3]);
  }
  for (uint32_t lane = 0; i < dim; i += 16, ++lane) {
    const __mmask16 mask = lanes(dim - i);
    sum[lane] = _mm512_fmadd_ps(Row::load(row, i, mask), _mm512_maskz_loadu_ps(mask, query + i), sum[lane]);
  }
  const __m512 total = _mm512_add_ps(_mm512_add_ps(sum[0], sum[1]), _mm512_add_ps(sum[2], sum[3]));
  return _mm512_reduce_add_ps(total) * Row::kUnit;
}

}  // namespace
}  // namespace lilliput::avx512
