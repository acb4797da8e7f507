// Nibbles as bytes: a run's low ones fill a line, and so do its high ones.
#pragma once

#include <immintrin.h>

#include "kernels/i4/nibbles.h"

namespace lilliput::LILLIPUT_TARGET {
namespace {

// Rows of `stride` bytes; past the last dimension lies zero.
inline void expand_rows(const Codes& codes, uint32_t n, size_t stride, std::byte* out) {
  const __m512i nibble = _mm512_set1_epi8(15), eight = _mm512_set1_epi8(8);
  const uint32_t dim = codes.dim, whole = dim / kRun * kRun;
  for (uint32_t r = 0; r < n; ++r, out += stride) {
    const std::byte* row = codes.rows + size_t{r} * codes.row_bytes;
    for (uint32_t i = 0; i < whole; i += kRun) {
      const __m512i x = _mm512_loadu_si512(row + i / 2);
      _mm512_store_si512(out + i, _mm512_sub_epi8(_mm512_and_si512(x, nibble), eight));
      _mm512_store_si512(out + i + kHalf,
                         _mm512_sub_epi8(_mm512_and_si512(_mm512_srli_epi16(x, 4), nibble), eight));
    }
    __builtin_memset(out + dim, 0, stride - dim);
    expand_nibbles(row + whole / 2, dim - whole, out + whole);
  }
}

}  // namespace
}  // namespace lilliput::LILLIPUT_TARGET
