// Bits as bytes of +1 and -1, so that a tile of byte products scores them.
#pragma once

#include <immintrin.h>

#include "lilliput/codes.h"

namespace lilliput::avx512 {
namespace {

// Rows of `stride` bytes, a multiple of 64; past the last dimension lies zero.
inline void expand_bits(const Codes& codes, uint32_t n, size_t stride, std::byte* out) {
  const __m512i minus = _mm512_set1_epi8(-1), plus = _mm512_set1_epi8(1);
  for (uint32_t r = 0; r < n; ++r) {
    const std::byte* row = codes.rows + size_t{r} * codes.row_bytes;
    for (uint32_t i = 0; i < codes.dim; i += 64) {
      const uint32_t left = codes.dim - i;
      uint64_t bits = 0;
      __builtin_memcpy(&bits, row + i / 8, left < 64 ? (left + 7) / 8 : 8);
      const __mmask64 mask = left < 64 ? (uint64_t{1} << left) - 1 : ~uint64_t{0};
      const __m512i signs = _mm512_mask_blend_epi8(bits, minus, plus);
      _mm512_store_si512(out + r * stride + i, _mm512_maskz_mov_epi8(mask, signs));
    }
  }
}

}  // namespace
}  // namespace lilliput::avx512
