// Bits that lie apart as bytes. The bytes of eight dimensions are a matrix of bits, and its product with the
// unit vectors (gf2p8affineqb) is the number of each dimension, a byte.
#pragma once

#include <immintrin.h>

#include "lilliput/codes.h"

namespace lilliput::avx512 {
namespace {

// Where the bytes of eight matrices come from. Byte 7 - j of a matrix holds bit j of each number, so the
// lowest bit is last, as in a row.
template <uint32_t Bits>
struct Places {
  static constexpr uint32_t kLower = Bits - 1;
  alignas(64) uint8_t lower[64] = {}, top[64] = {};
  uint64_t lower_there = 0, top_there = 0;

  constexpr Places() {
    for (uint32_t eight = 0; eight < 8; ++eight) {
      for (uint32_t p = 0; p < kLower; ++p) {
        const uint32_t at = 8 * eight + 8 - kLower + p;
        lower[at] = static_cast<uint8_t>(eight * kLower + p);
        lower_there |= uint64_t{1} << at;
      }
      const uint32_t at = 8 * eight + 8 - Bits;
      top[at] = static_cast<uint8_t>(eight);
      top_there |= uint64_t{1} << at;
    }
  }
};

// The u of 64 dimensions, of which `count` times eight are there; those past the end are zero.
template <uint32_t Bits>
inline __m512i sixty_four(const std::byte* top, const std::byte* lower, uint32_t count) {
  static constexpr Places<Bits> kPlaces;
  const __m512i units = _mm512_set1_epi64(static_cast<int64_t>(0x8040201008040201));
  uint64_t signs = 0;
  __builtin_memcpy(&signs, top, count);
  const __m512i rest = _mm512_maskz_loadu_epi8((uint64_t{1} << (count * (Bits - 1))) - 1, lower);
  const __m512i placed =
      _mm512_maskz_permutexvar_epi8(kPlaces.lower_there, _mm512_load_si512(kPlaces.lower), rest);
  const __m512i bits =
      _mm512_mask_shuffle_epi8(placed, kPlaces.top_there, _mm512_set1_epi64(static_cast<int64_t>(signs)),
                               _mm512_load_si512(kPlaces.top));
  return _mm512_gf2p8affine_epi64_epi8(units, bits, 0);
}

// Calls each(step, u) for every 64 dimensions of a row.
template <uint32_t Bits, class Each>
inline void each_sixty_four(const Codes& codes, const std::byte* row, const Each& each) {
  const uint32_t bytes = codes.row_bytes;
  const std::byte* lower = codes.more + (row - codes.rows) * (Bits - 1);
  uint32_t b = 0;
  for (; b + 8 <= bytes; b += 8, lower += 8 * (Bits - 1)) each(b / 8, sixty_four<Bits>(row + b, lower, 8));
  if (b < bytes) each(b / 8, sixty_four<Bits>(row + b, lower, bytes - b));
}

// Rows of `stride` bytes, a multiple of 64; past the last dimension lies zero.
template <uint32_t Bits>
inline void expand_rows(const Codes& codes, uint32_t n, size_t stride, std::byte* out) {
  constexpr bool kOdd = Bits < 8;
  const __m512i taken = _mm512_set1_epi8(static_cast<char>(kOdd ? (1 << Bits) - 1 : 128));
  for (uint32_t r = 0; r < n; ++r, out += stride)
    each_sixty_four<Bits>(codes, codes.rows + size_t{r} * codes.row_bytes, [&](uint32_t step, __m512i u) {
      const uint32_t left = codes.dim - 64 * step;
      const __mmask64 mask = left < 64 ? (uint64_t{1} << left) - 1 : ~uint64_t{0};
      _mm512_store_si512(out + 64 * size_t{step},
                         _mm512_maskz_sub_epi8(mask, kOdd ? _mm512_add_epi8(u, u) : u, taken));
    });
}

}  // namespace
}  // namespace lilliput::avx512
