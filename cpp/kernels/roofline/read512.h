// Reads memory with 64-byte loads, asking for what lies ahead.
#pragma once

#include <immintrin.h>

#include "kernels/roofline/tables.h"

namespace lilliput::avx512 {
namespace {

constexpr size_t kReadAhead = 2048;  // bytes; nearer, the loads catch up with it

inline uint64_t read(const std::byte* from, size_t bytes) {
  __m512i sum[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(),
                    _mm512_setzero_si512()};
  size_t at = 0;
  for (; at + 256 <= bytes; at += 256)
    for (int lane = 0; lane < 4; ++lane) {
      const std::byte* line = from + at + 64 * lane;
      _mm_prefetch(reinterpret_cast<const char*>(line) + kReadAhead, _MM_HINT_T0);
      sum[lane] = _mm512_xor_si512(sum[lane], _mm512_loadu_si512(line));
    }
  for (; at < bytes; at += 64) {
    const __mmask64 mask = bytes - at < 64 ? (uint64_t{1} << (bytes - at)) - 1 : ~uint64_t{0};
    sum[0] = _mm512_xor_si512(sum[0], _mm512_maskz_loadu_epi8(mask, from + at));
  }
  alignas(64) uint64_t words[8];
  _mm512_store_si512(words,
                     _mm512_xor_si512(_mm512_xor_si512(sum[0], sum[1]), _mm512_xor_si512(sum[2], sum[3])));
  uint64_t out = 0;
  for (uint64_t w : words) out ^= w;
  return out;
}

}  // namespace
}  // namespace lilliput::avx512
