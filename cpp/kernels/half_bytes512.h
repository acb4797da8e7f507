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

// Lane 4i + j of column c: lane 4i + c of the j-th.
inline void turn_fours(__m512i a, __m512i b, __m512i c, __m512i d, __m512i (&column)[4]) {
  const __m512i ab = _mm512_unpacklo_epi32(a, b), cd = _mm512_unpacklo_epi32(c, d);
  const __m512i ab_high = _mm512_unpackhi_epi32(a, b), cd_high = _mm512_unpackhi_epi32(c, d);
  column[0] = _mm512_unpacklo_epi64(ab, cd);
  column[1] = _mm512_unpackhi_epi64(ab, cd);
  column[2] = _mm512_unpacklo_epi64(ab_high, cd_high);
  column[3] = _mm512_unpackhi_epi64(ab_high, cd_high);
}

// Lane 4i + j of column c: bytes 4c to 4c + 3 of the piece of row 4 * Apart * i + j. Whole: all sixteen bytes
// are there. Apart 1: sixteen rows that follow one another.
template <bool Whole, uint32_t Apart = 1>
inline void load_columns(const std::byte* row, size_t stride, uint32_t bytes, __m512i (&column)[4]) {
  const __mmask16 there = static_cast<__mmask16>((1u << bytes) - 1);
  const auto piece = [&](const std::byte* from) {
    if constexpr (Whole) return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return _mm_maskz_loadu_epi8(there, from);
  };
  // In few registers: an address may add a multiple of a stride.
  const size_t four = 4 * Apart * stride, three_fours = 3 * four;
  const auto every_fourth = [&](uint32_t r) {
    const std::byte* from = row + r * stride;
    const __m512i a = _mm512_inserti32x4(_mm512_castsi128_si512(piece(from)), piece(from + four), 1);
    return _mm512_inserti32x4(_mm512_inserti32x4(a, piece(from + 2 * four), 2), piece(from + three_fours), 3);
  };
  const __m512i a = every_fourth(0), b = every_fourth(1), c = every_fourth(2), d = every_fourth(3);
  turn_fours(a, b, c, d, column);
}

struct Sixteen {
  uint32_t of[kSixteen];
};

template <uint32_t N>
struct ManySixteens {
  Sixteen of[N];
};

// The pieces of four rows of so many bytes that follow one another, in fewer than four loads: what
// one load brings lies in place for several rows. Row r is in lane kPlaceOf[r] of 128 bits.
template <uint32_t RowBytes>
inline __m512i four_pieces(const std::byte* row) {
  static_assert(RowBytes == 16 || RowBytes == 32 || RowBytes == 48);
  const __m512i first = _mm512_loadu_si512(row);
  if constexpr (RowBytes == 16) return first;
  // Where a mask is zero nothing is read.
  if constexpr (RowBytes == 32) return _mm512_mask_loadu_epi64(first, 0b11001100, row + 64 - 16);
  const __m512i third = _mm512_mask_loadu_epi64(first, 0b00110000, row + 64);
  return _mm512_mask_loadu_epi64(third, 0b00001100, row + 128);
}

template <uint32_t RowBytes>
constexpr uint32_t kPlaceOf[4] = {0,
                                  RowBytes == 16   ? 1
                                  : RowBytes == 32 ? 2
                                                   : 3,
                                  RowBytes == 32 ? 1 : 2, RowBytes == 48 ? 1 : 3};

// Lane 4i + j of column c: bytes 4c to 4c + 3 of the piece of the row of the j-th four whose place is i.
template <uint32_t RowBytes>
inline void load_columns_of(const std::byte* row, __m512i (&column)[4]) {
  constexpr size_t kFour = 4 * RowBytes;
  const __m512i a = four_pieces<RowBytes>(row), b = four_pieces<RowBytes>(row + kFour),
                c = four_pieces<RowBytes>(row + 2 * kFour), d = four_pieces<RowBytes>(row + 3 * kFour);
  turn_fours(a, b, c, d, column);
}

// Of those lanes, those of rows 0 to 15 in their order.
template <uint32_t RowBytes>
inline __m512i in_order(__m512i sums) {
  alignas(64) static constexpr Sixteen kFrom = [] {
    Sixteen from{};
    for (uint32_t r = 0; r < kSixteen; ++r) from.of[r] = 4 * kPlaceOf<RowBytes>[r % 4] + r / 4;
    return from;
  }();
  return _mm512_permutexvar_epi32(_mm512_load_si512(&kFrom), sums);
}

// Rows of an odd number of eights of bytes: part p of row r of eight lies in a lane of 64 bits of its own,
// (Eights * r + p) % 8, of one of as many vectors as a row has eights.
template <uint32_t Eights>
struct EightRows {
  __m512i lines[Eights];

  explicit EightRows(const std::byte* row) {
    for (uint32_t z = 0; z < Eights; ++z) lines[z] = _mm512_loadu_si512(row + 64 * z);
  }

  static constexpr __mmask8 mask(uint32_t line, uint32_t part) {
    uint32_t found = 0;
    for (uint32_t r = 0; r < 8; ++r) {
      const uint32_t at = Eights * r + part;
      if (at / 8 == line) found |= 1u << at % 8;
    }
    return static_cast<__mmask8>(found);
  }

  __m512i part(uint32_t p) const {
    __m512i found = lines[0];
    for (uint32_t z = 1; z < Eights; ++z) found = _mm512_mask_blend_epi64(mask(z, p), found, lines[z]);
    return found;
  }
};

// Lane r: bytes 8p + 4h to 8p + 4h + 3 of row r, from part p of the first eight rows and of the second.
template <uint32_t Eights>
inline __m512i column_of(__m512i first, __m512i second, uint32_t p, uint32_t h) {
  alignas(64) static constexpr ManySixteens<2 * Eights> kFrom = [] {
    ManySixteens<2 * Eights> from{};
    for (uint32_t c = 0; c < 2 * Eights; ++c)
      for (uint32_t r = 0; r < kSixteen; ++r)
        from.of[c].of[r] = 2 * ((Eights * (r % 8) + c / 2) % 8) + c % 2 + (r < 8 ? 0 : 16);
    return from;
  }();
  return _mm512_permutex2var_epi32(first, _mm512_load_si512(&kFrom.of[2 * p + h]), second);
}

// Writes the numbers of those of sixteen rows that a mask has, and gives how many. There must be room for
// all.
inline uint32_t write_sixteen(__mmask16 mask, uint64_t first, uint32_t* rows) {
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i numbers = _mm512_add_epi32(lane, _mm512_set1_epi32(static_cast<int32_t>(first)));
  _mm512_storeu_si512(rows, _mm512_maskz_compress_epi32(mask, numbers));
  return static_cast<uint32_t>(__builtin_popcount(mask));
}

class HalfByteSums {
 public:
  // Tables: at every offset of `half_byte_table` sixteen entries.
  HalfByteSums(const std::byte* tables, uint32_t row_bytes) : tables_(tables), row_bytes_(row_bytes) {}

  __m512i sixteen(const std::byte* row, size_t stride) const { return any(row, stride); }

  // Calls visit(i, sums of rows i to i + 15) of n rows that follow one another, as long as there are sixteen;
  // gives how many rows that were.
  template <class Visit>
  uint32_t each(const std::byte* row, uint32_t n, const Visit& visit) const {
    switch (row_bytes_) {
      case 8:
        return each_by(row, n, visit, [&](const std::byte* of) { return by_eights<1>(of); });
      case 16:
        return each_by(row, n, visit, [&](const std::byte* of) { return by_pieces<16>(of); });
      case 24:
        return each_by(row, n, visit, [&](const std::byte* of) { return by_eights<3>(of); });
      case 32:
        return each_by(row, n, visit, [&](const std::byte* of) { return by_pieces<32>(of); });
      case 48:
        return each_by(row, n, visit, [&](const std::byte* of) { return by_pieces<48>(of); });
      default:
        return each_by(row, n, visit, [&](const std::byte* of) { return any(of, row_bytes_); });
    }
  }

 private:
  struct Sums {
    __m512i low = _mm512_setzero_si512(), high = _mm512_setzero_si512();

    void add(__m512i bytes, const std::byte* table) {
      // Each byte of a lane looks among entries of its own: its place times sixteen, and its half byte.
      const __m512i place = _mm512_set1_epi32(0x30201000), half = _mm512_set1_epi8(15),
                    one = _mm512_set1_epi8(1);
      constexpr int kAndOr = 0xf8;  // a | (b & c)
      const __m512i at_low = _mm512_ternarylogic_epi32(place, bytes, half, kAndOr);
      const __m512i at_high = _mm512_ternarylogic_epi32(place, _mm512_srli_epi32(bytes, 4), half, kAndOr);
      low = _mm512_dpbusd_epi32(low, _mm512_permutexvar_epi8(at_low, _mm512_load_si512(table)), one);
      high = _mm512_dpbusd_epi32(high, _mm512_permutexvar_epi8(at_high, _mm512_load_si512(table + 64)), one);
    }

    __m512i all() const { return _mm512_add_epi32(low, high); }
  };

  // The share of later rows of so many bytes a row.
  static void fetch(const std::byte* from, size_t bytes) {
    for (size_t line = 0; line < kSixteen * bytes; line += 64)
      _mm_prefetch(reinterpret_cast<const char*>(from) + kStream + line, _MM_HINT_T0);
  }

  template <class Visit, class SumsOf>
  uint32_t each_by(const std::byte* row, uint32_t n, const Visit& visit, const SumsOf& sums_of) const {
    uint32_t i = 0;
    for (; i + kSixteen <= n; i += kSixteen, row += kSixteen * size_t{row_bytes_}) visit(i, sums_of(row));
    return i;
  }

  template <uint32_t RowBytes>
  __m512i by_pieces(const std::byte* row) const {
    fetch(row, RowBytes);
    Sums sums;
    __m512i column[4];
    for (uint32_t b = 0; b < RowBytes; b += kPiece) {
      load_columns_of<RowBytes>(row + b, column);
      for (uint32_t c = 0; c < 4; ++c) sums.add(column[c], tables_ + (b / 4 + c) * kFourBytes);
    }
    return in_order<RowBytes>(sums.all());
  }

  template <uint32_t Eights>
  __m512i by_eights(const std::byte* row) const {
    fetch(row, 8 * Eights);
    Sums sums;
    const EightRows<Eights> first(row), second(row + 64 * Eights);
    for (uint32_t p = 0; p < Eights; ++p) {
      const __m512i a = first.part(p), b = second.part(p);
      for (uint32_t h = 0; h < 2; ++h)
        sums.add(column_of<Eights>(a, b, p, h), tables_ + (2 * p + h) * kFourBytes);
    }
    return sums.all();
  }

  __m512i any(const std::byte* row, size_t stride) const {
    Sums sums;
    __m512i column[4];
    const std::byte* table = tables_;
    uint32_t b = 0;
    for (; b + kPiece <= row_bytes_; b += kPiece) {
      fetch(row + kSixteen * b, kPiece);
      load_columns<true>(row + b, stride, kPiece, column);
      for (uint32_t c = 0; c < 4; ++c, table += kFourBytes) sums.add(column[c], table);
    }
    const uint32_t left = row_bytes_ - b;
    if (left == 0) return sums.all();
    fetch(row + kSixteen * b, left);
    if (left <= 4 && b > 0) {
      // The last four bytes of a row, of which the first are taken off again.
      load_columns<true>(row + row_bytes_ - kPiece, stride, kPiece, column);
      sums.add(_mm512_srl_epi32(column[3], _mm_cvtsi32_si128(static_cast<int>(8 * (4 - left)))), table);
      return sums.all();
    }
    load_columns<false>(row + b, stride, left, column);
    for (uint32_t c = 0; c < 4; ++c, table += kFourBytes)
      if (4 * c < left) sums.add(column[c], table);
    return sums.all();
  }

  const std::byte* tables_;
  uint32_t row_bytes_;
};

}  // namespace
}  // namespace lilliput::avx512
