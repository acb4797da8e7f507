// Rows of floats against one float query, 64 dimensions a step; the tail is masked, so nothing is read past a
// row.
#pragma once

#include <immintrin.h>

#include "lilliput/codes.h"

namespace lilliput::avx512 {
namespace {

struct F32Row {
  static constexpr uint32_t kBytes = 4;
  static __m512 load(const std::byte* row, uint32_t i) { return _mm512_loadu_ps(row + 4 * size_t{i}); }
  static __m512 load(const std::byte* row, uint32_t i, __mmask16 mask) {
    return _mm512_maskz_loadu_ps(mask, row + 4 * size_t{i});
  }
};

struct F16Row {
  static constexpr uint32_t kBytes = 2;
  static __m512 load(const std::byte* row, uint32_t i) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(row + 2 * size_t{i})));
  }
  static __m512 load(const std::byte* row, uint32_t i, __mmask16 mask) {
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(mask, row + 2 * size_t{i}));
  }
};

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
    const __mmask16 mask =
        dim - i < 16 ? static_cast<__mmask16>((1u << (dim - i)) - 1) : static_cast<__mmask16>(0xffff);
    sum[lane] = _mm512_fmadd_ps(Row::load(row, i, mask), _mm512_maskz_loadu_ps(mask, query + i), sum[lane]);
  }
  return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(sum[0], sum[1]), _mm512_add_ps(sum[2], sum[3])));
}

}  // namespace
}  // namespace lilliput::avx512
