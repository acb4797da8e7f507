// Rows of word numbers, sifted by sums of bytes: sixteen rows side by side for half bytes, sixty-four for
// bytes.
#pragma once

#include "kernels/half_bytes512.h"
#include "kernels/lut/sieve.h"

namespace lilliput::avx512 {
namespace {

inline size_t tables4(const Codes& of) { return half_byte_tables(of.row_bytes); }

inline uint32_t sift4(const Codes& codes, uint64_t first, uint32_t n, uint32_t least, const std::byte* tables,
                      uint32_t* rows) {
  const __m512i enough = _mm512_set1_epi32(static_cast<int32_t>(least));
  const HalfByteSums sums(tables, codes.row_bytes);
  uint32_t count = 0;
  const uint32_t done = sums.each(codes.rows + first * codes.row_bytes, n, [&](uint32_t i, __m512i sixteen) {
    const __mmask16 reach = _mm512_cmpge_epu32_mask(sixteen, enough);
    if (reach) [[unlikely]]
      count += write_sixteen(reach, first + i, rows + count);
  });
  for (uint32_t i = done; i < n; ++i) rows[count++] = static_cast<uint32_t>(first + i);  // the rest passes
  return count;
}

// Words of eight bits: a part's 256 entries are two tables of 128, each of which one lookup (vpermi2b) reads
// for the same byte of sixty-four rows.
constexpr uint32_t kSixtyFour = 64;
constexpr uint32_t kShortSums = 256;  // parts whose entries add up to 16 bits at most

// Bytes 4c to 4c + 3 of the pieces of sixty-four rows, which column[g] holds for rows 4g to 4g + 3 of every
// sixteen, as bytes[b]: byte 4c + b of every row.
inline void turn_bytes(const __m512i (&column)[4], __m512i (&bytes)[4]) {
  const __m512i turn =
      _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
  const __m512i a = _mm512_shuffle_epi8(column[0], turn), b = _mm512_shuffle_epi8(column[1], turn);
  const __m512i c = _mm512_shuffle_epi8(column[2], turn), d = _mm512_shuffle_epi8(column[3], turn);
  turn_fours(a, b, c, d, bytes);
}

// A piece of sixty-four rows, turned: 64 bytes for each byte of the piece.
inline void turn_piece(const std::byte* row, size_t stride, uint32_t bytes, std::byte* out) {
  __m512i column[4][4];  // [columns of four bytes][rows]
  for (uint32_t g = 0; g < 4; ++g) {
    __m512i of[4];
    if (bytes == kPiece)
      load_columns<true, 4>(row + 4 * g * stride, stride, bytes, of);
    else
      load_columns<false, 4>(row + 4 * g * stride, stride, bytes, of);
    for (uint32_t c = 0; c < 4; ++c) column[c][g] = of[c];
  }
  for (uint32_t c = 0; c < 4; ++c) {
    __m512i turned[4];
    turn_bytes(column[c], turned);
    for (uint32_t b = 0; b < 4; ++b) _mm512_store_si512(out + (4 * c + b) * 64, turned[b]);
  }
}

// Sums of sixty-four rows, 16 bits each: the even rows', and the odd ones'.
struct ShortSums {
  __m512i all = _mm512_setzero_si512(), odd = _mm512_setzero_si512();

  // The entries of one part for the bytes of sixty-four rows.
  void add(__m512i bytes, const std::byte* table) {
    const __m512i low =
        _mm512_permutex2var_epi8(_mm512_load_si512(table), bytes, _mm512_load_si512(table + 64));
    const __m512i high =
        _mm512_permutex2var_epi8(_mm512_load_si512(table + 128), bytes, _mm512_load_si512(table + 192));
    const __m512i entries = _mm512_mask_blend_epi8(_mm512_movepi8_mask(bytes), low, high);
    all = _mm512_add_epi16(all, entries);  // with what the odd rows add 256 times over
    odd = _mm512_add_epi16(odd, _mm512_srli_epi16(entries, 8));
  }

  __m512i even() const { return _mm512_sub_epi16(all, _mm512_slli_epi16(odd, 8)); }
};

// Sums of sixty-four rows, 32 bits each: of[i] holds rows 4j + i.
struct LongSums {
  __m512i of[4];

  LongSums() {
    for (__m512i& sums : of) sums = _mm512_setzero_si512();
  }

  void add(const ShortSums& sums) {
    const __m512i low = _mm512_set1_epi32(0xffff), even = sums.even(), odd = sums.odd;
    of[0] = _mm512_add_epi32(of[0], _mm512_and_si512(even, low));
    of[1] = _mm512_add_epi32(of[1], _mm512_and_si512(odd, low));
    of[2] = _mm512_add_epi32(of[2], _mm512_srli_epi32(even, 16));
    of[3] = _mm512_add_epi32(of[3], _mm512_srli_epi32(odd, 16));
  }

  uint64_t at_least(uint32_t least) const {
    const __m512i enough = _mm512_set1_epi32(static_cast<int32_t>(least));
    uint64_t mask = 0;
    for (int i = 0; i < 4; ++i) {
      for (uint32_t lanes = _mm512_cmpge_epu32_mask(of[i], enough); lanes; lanes &= lanes - 1)
        mask |= uint64_t{1} << (4 * __builtin_ctz(lanes) + i);
    }
    return mask;
  }
};

inline LongSums sum_sixty_four(const std::byte* row, uint32_t width, const std::byte* tables) {
  LongSums sums;
  alignas(64) std::byte turned[kPiece * kSixtyFour];
  for (uint32_t part = 0; part < width;) {
    ShortSums part_sums;
    const uint32_t end = width - part < kShortSums ? width : part + kShortSums;
    while (part < end) {
      const uint32_t bytes = end - part < kPiece ? end - part : kPiece;
      // While this piece of the rows is summed, the same share of the next rows is on its way.
      const char* next = reinterpret_cast<const char*>(row) + size_t{kSixtyFour} * (width + part);
      for (uint32_t line = 0; line < bytes; ++line) _mm_prefetch(next + 64 * line, _MM_HINT_T0);
      turn_piece(row + part, width, bytes, turned);
      for (uint32_t b = 0; b < bytes; ++b, ++part, tables += 256)
        part_sums.add(_mm512_load_si512(turned + b * 64), tables);
    }
    sums.add(part_sums);
  }
  return sums;
}

inline size_t tables8(const Codes& of) { return size_t{of.row_bytes} * 256; }
inline size_t table8(uint32_t part) { return size_t{part} * 256; }

inline uint32_t sift8(const Codes& codes, uint64_t first, uint32_t n, uint32_t least, const std::byte* tables,
                      uint32_t* rows) {
  return sift_by<kSixtyFour>(codes, first, n, rows, [&](const std::byte* row) {
    return sum_sixty_four(row, codes.row_bytes, tables).at_least(least);
  });
}

}  // namespace
}  // namespace lilliput::avx512
