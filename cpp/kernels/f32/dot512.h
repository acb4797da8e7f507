// Rows of floats of any width against one float query, 64 dimensions a step; the tail is masked, so nothing
// is read past a row.
#pragma once

#include <immintrin.h>

#include "kernels/rows512.h"

namespace lilliput::avx512 {
namespace {

inline __mmask16 lanes(uint32_t left) {
  return left < 16 ? static_cast<__mmask16>((1u << left) - 1) : static_cast<__mmask16>(0xffff);
}

// A Row loads 16 numbers as floats, kUnit of which make one.
struct F32Row {
  static constexpr uint32_t kBytes = 4;
  static constexpr float kUnit = 1.0f;
  static __m512 load(const std::byte* row, uint32_t i) { return _mm512_loadu_ps(row + 4 * size_t{i}); }
  static __m512 load(const std::byte* row, uint32_t i, __mmask16 mask) {
    return _mm512_maskz_loadu_ps(mask, row + 4 * size_t{i});
  }
};

struct F16Row {
  static constexpr uint32_t kBytes = 2;
  static constexpr float kUnit = 1.0f;
  static __m512 load(const std::byte* row, uint32_t i) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(row + 2 * size_t{i})));
  }
  static __m512 load(const std::byte* row, uint32_t i, __mmask16 mask) {
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(mask, row + 2 * size_t{i}));
  }
};

struct BF16Row {
  static constexpr uint32_t kBytes = 2;
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

// Bytes as floats: the magnitude moves up by kShift and an exponent of kOffset is put over it. Subnormal
// bytes are not that simple; `load` takes the longer way over halves, whatever the bytes are.
template <class Half, int kShift, uint32_t kOffset, uint8_t kExponent>
struct ByteRow {
  static constexpr uint32_t kBytes = 1;
  static constexpr float kUnit = Half::kUnit;
  static __m512 load(const std::byte* row, uint32_t i) { return load(row, i, 0xffff); }
  static __m512 load(const std::byte* row, uint32_t i, __mmask16 mask) {
    return _mm512_mul_ps(_mm512_cvtph_ps(Half::of(_mm_maskz_loadu_epi8(mask, row + i))),
                         _mm512_set1_ps(Half::kScale));
  }
  static bool all_normal(const std::byte* row, uint32_t i) {
    const __m512i exponent = _mm512_set1_epi8(kExponent);
    return _mm512_testn_epi8_mask(_mm512_loadu_si512(row + i), exponent) == 0;
  }
  static __m512 load_normal(const std::byte* row, uint32_t i) {
    const __m512i x = _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row + i)));
    const __m512i kept = _mm512_set1_epi32(static_cast<int32_t>(0x80000000u | 0x7fu << kShift));
    return _mm512_castsi512_ps(
        _mm512_ternarylogic_epi32(_mm512_slli_epi32(x, kShift), kept, _mm512_set1_epi32(kOffset), 0xea));
  }
};

// The half's bias is larger by 8; bit 14 is a copy of the sign.
struct E4M3Half {
  static constexpr float kUnit = 256.0f, kScale = 1.0f;
  static __m256i of(__m128i x) {
    return _mm256_andnot_si256(_mm256_set1_epi16(0x4000), _mm256_slli_epi16(_mm256_cvtepi8_epi16(x), 7));
  }
};

struct E5M2Half {
  static constexpr float kUnit = 65536.0f, kScale = 1 / kUnit;
  static __m256i of(__m128i x) { return _mm256_slli_epi16(_mm256_cvtepu8_epi16(x), 8); }
};

using E4M3Row = ByteRow<E4M3Half, 20, 112u << 23, 0x78>;
using E5M2Row = ByteRow<E5M2Half, 21, 96u << 23, 0x7c>;

template <class Load>
inline void add_products(const Load& load, const float* query, __m512 (&sum)[4]) {
#pragma GCC unroll 4
  for (uint32_t s = 0; s < 4; ++s)
    sum[s] = _mm512_fmadd_ps(load(16 * s), _mm512_loadu_ps(query + 16 * s), sum[s]);
}

// Asks for the lines of 64 numbers of a row to come.
template <class Row>
inline void fetch_numbers(const std::byte* row, uint32_t i) {
  const char* ahead = reinterpret_cast<const char*>(row + size_t{i} * Row::kBytes) + kStreamAhead;
  for (uint32_t line = 0; line < Row::kBytes; ++line) _mm_prefetch(ahead + 64 * line, _MM_HINT_T0);
}

template <class Row>
concept Bytes = requires { &Row::all_normal; };

// Four accumulators a row hide the latency of the multiply-add. Where rows lie one after another, each line
// that is read asks for one to come: in bursts they would hold up the loads.
template <class Row, bool Streams = false>
inline float dot(const std::byte* row, const float* query, uint32_t dim) {
  __m512 sum[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
  uint32_t i = 0;
  for (; i + 64 <= dim; i += 64) {
    if constexpr (Streams) fetch_numbers<Row>(row, i);
    if constexpr (Bytes<Row>) {
      if (Row::all_normal(row, i)) [[likely]] {
        add_products([&](uint32_t at) { return Row::load_normal(row, i + at); }, query + i, sum);
        continue;
      }
    }
    add_products([&](uint32_t at) { return Row::load(row, i + at); }, query + i, sum);
  }
  if (Streams && i < dim) fetch_numbers<Row>(row, i);
#pragma GCC unroll 4
  for (uint32_t s = 0; s < 4; ++s, i += 16) {
    if (i >= dim) break;
    const __mmask16 mask = lanes(dim - i);
    sum[s] = _mm512_fmadd_ps(Row::load(row, i, mask), _mm512_maskz_loadu_ps(mask, query + i), sum[s]);
  }
  const __m512 total = _mm512_add_ps(_mm512_add_ps(sum[0], sum[1]), _mm512_add_ps(sum[2], sum[3]));
  return _mm512_reduce_add_ps(total) * Row::kUnit;
}

}  // namespace
}  // namespace lilliput::avx512
