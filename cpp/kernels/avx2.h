// What the AVX2 kernels share: sums over lanes and loads that end where a row ends.
#pragma once

#include <immintrin.h>

#include "lilliput/codes.h"

namespace lilliput::avx2 {
namespace {

inline __m256 load_floats(const void* from) { return _mm256_loadu_ps(static_cast<const float*>(from)); }
inline __m256i load_bytes(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }

inline __m128 sum_four(__m256 a, __m256 b, __m256 c, __m256 d) {
  const __m256 pairs = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
  return _mm_add_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps(pairs, 1));
}

inline __m128i sum_four(__m256i a, __m256i b, __m256i c, __m256i d) {
  const __m256i pairs = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
  return _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
}

// `count` bytes (1 to 16) in the low end of 16, zeros above. When the 16 bytes before the end belong to the
// same row, they are loaded at once and moved down, which spares a trip through the stack.
inline __m128i load_up_to_16(const std::byte* from, uint32_t count, bool after_16) {
  if (count == 16) return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  if (after_16) {
    const __m128i lane = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m128i pick = _mm_add_epi8(lane, _mm_set1_epi8(static_cast<char>(16 - count)));
    const __m128i past = _mm_cmpgt_epi8(pick, _mm_set1_epi8(15));
    const __m128i last = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + count - 16));
    return _mm_shuffle_epi8(last, _mm_or_si128(pick, past));
  }
  alignas(16) std::byte copy[16] = {};
  __builtin_memcpy(copy, from, count);
  return _mm_load_si128(reinterpret_cast<const __m128i*>(copy));
}

// The last `count` bytes (1 to 31) of a row, from `at` on, in the low end of 32.
inline __m256i load_tail(const std::byte* row, size_t at, uint32_t count) {
  if (count <= 16) return _mm256_zextsi128_si256(load_up_to_16(row + at, count, at + count >= 16));
  const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(row + at));
  return _mm256_set_m128i(load_up_to_16(row + at + 16, count - 16, true), low);
}

}  // namespace
}  // namespace lilliput::avx2
