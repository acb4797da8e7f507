// Sums of table entries, one for each half byte of a row, for sixteen rows at once: a lane a row. Rows lie
// one after another as in memory. Four bytes of a row are eight half bytes; one lookup in 64 bytes (vpermb)
// finds the four low ones, each among sixteen entries of its own, another the four high ones, and a product
// with ones adds four entries to the lane: exactly, whatever the entries.
#pragma once

#include <immintrin.h>

#include "lilliput/codes.h"

namespace lilliput::avx512 {
namespace {

constexpr uint32_t kSixteen = 16;      // rows
constexpr uint32_t kPiece = 16;        // bytes of a row that are brought into lanes together
constexpr size_t kFourBytes = 2 * 64;  // of tables, for four bytes of a row

constexpr size_t kStream = 4096;  // bytes ahead of which lines are asked for

inline size_t half_byte_tables(uint32_t row_bytes) {
  return size_t{(row_bytes + kPiece - 1) / kPiece} * (kPiece / 4) * kFourBytes;
}

// Where the entries of half byte i lie; those past the end of a row are zero.
inline size_t half_byte_table(uint32_t i) { return i / 8 * kFourBytes + i % 2 * 64 + i % 8 / 2 * 16; }

// Lane 4i + j of column c: bytes 4c to 4c + 3 of the piece of row 4 * Apart * i + j. Whole: all sixteen bytes
// are there. Apart 1: sixteen rows that follow one another.
template <bool Whole, uint32_t Apart = 1>
inline void load_columns(const std::byte* row, size_t stride, uint32_t bytes, __m512i (&column)[4]) {
  const __mmask16 there = static_cast<__mmask16>((1u << bytes) - 1);
  const auto piece = [&](uint32_t r) {
    const void* from = row + r * stride;
    if constexpr (Whole) return _mm_loadu_si128(static_cast<const __m128i*>(from));
    return _mm_maskz_loadu_epi8(there, from);
  };
  const auto every_fourth = [&](uint32_t r) {
    const __m512i a = _mm512_inserti32x4(_mm512_castsi128_si512(piece(r)), piece(r + 4 * Apart), 1);
    return _mm512_inserti32x4(_mm512_inserti32x4(a, piece(r + 8 * Apart), 2), piece(r + 12 * Apart), 3);
  };
  const __m512i a = every_fourth(0), b = every_fourth(1), c = every_fourth(2), d = every_fourth(3);
  const __m512i ab = _mm512_unpacklo_epi32(a, b), cd = _mm512_unpacklo_epi32(c, d);
  const __m512i ab_high = _mm512_unpackhi_epi32(a, b), cd_high = _mm512_unpackhi_epi32(c, d);
  column[0] = _mm512_unpacklo_epi64(ab, cd);
  column[1] = _mm512_unpackhi_epi64(ab, cd);
  column[2] = _mm512_unpacklo_epi64(ab_high, cd_high);
  column[3] = _mm512_unpackhi_epi64(ab_high, cd_high);
}

class HalfByteSums {
 public:
  // Tables: at every offset of `half_byte_table` sixteen entries.
  HalfByteSums(const std::byte* tables, uint32_t row_bytes) : tables_(tables), row_bytes_(row_bytes) {}

  __m512i sixteen(const std::byte* row, size_t stride) const {
    for (size_t line = 0; line < kSixteen * stride; line += 64)
      _mm_prefetch(reinterpret_cast<const char*>(row) + kStream + line, _MM_HINT_T0);
    __m512i low = _mm512_setzero_si512(), high = _mm512_setzero_si512(), column[4];
    const std::byte* table = tables_;
    uint32_t b = 0;
    for (; b + kPiece <= row_bytes_; b += kPiece) {
      load_columns<true>(row + b, stride, kPiece, column);
      for (uint32_t c = 0; c < 4; ++c, table += kFourBytes) add(column[c], table, low, high);
    }
    if (b < row_bytes_) {
      load_columns<false>(row + b, stride, row_bytes_ - b, column);
      for (uint32_t c = 0; c < 4; ++c, table += kFourBytes)
        if (b + 4 * c < row_bytes_) add(column[c], table, low, high);
    }
    return _mm512_add_epi32(low, high);
  }

 private:
  static void add(__m512i bytes, const std::byte* table, __m512i& low, __m512i& high) {
    // Each byte of a lane looks among entries of its own: its place times sixteen, and its half byte.
    const __m512i place = _mm512_set1_epi32(0x30201000), half = _mm512_set1_epi8(15),
                  one = _mm512_set1_epi8(1);
    constexpr int kAndOr = 0xf8;  // a | (b & c)
    const __m512i at_low = _mm512_ternarylogic_epi32(place, bytes, half, kAndOr);
    const __m512i at_high = _mm512_ternarylogic_epi32(place, _mm512_srli_epi32(bytes, 4), half, kAndOr);
    low = _mm512_dpbusd_epi32(low, _mm512_permutexvar_epi8(at_low, _mm512_load_si512(table)), one);
    high = _mm512_dpbusd_epi32(high, _mm512_permutexvar_epi8(at_high, _mm512_load_si512(table + 64)), one);
  }

  const std::byte* tables_;
  uint32_t row_bytes_;
};

}  // namespace
}  // namespace lilliput::avx512
