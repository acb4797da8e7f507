// Rows of word numbers, sifted by sums of bytes: thirty-two rows side by side for half bytes, four rows at a
// time for bytes, whose tables stay in the first-level cache where those of the scores do not.
#pragma once

#include "kernels/avx2.h"
#include "kernels/lut/sieve.h"

namespace lilliput::avx2 {
namespace {

constexpr uint32_t kThirtyTwo = 32;    // rows
constexpr uint32_t kPiece = 16;        // bytes of a row that are turned together
constexpr uint32_t kShortBytes = 128;  // of a row, whose 256 entries add up to 16 bits at most

// Sixteen bytes, or those before `end` with any others behind them.
inline __m128i load_before(const std::byte* from, const std::byte* end) {
  if (from + kPiece <= end) return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  alignas(16) std::byte copy[kPiece] = {};
  __builtin_memcpy(copy, from, static_cast<size_t>(end - from));
  return _mm_load_si128(reinterpret_cast<const __m128i*>(copy));
}

// A piece of thirty-two rows, turned: 32 bytes for each byte of the piece. Four times, the rows of the first
// half alternate with those of the second, which turns a square of sixteen by sixteen bytes in each half.
inline void turn_piece(const std::byte* row, size_t stride, const std::byte* end, std::byte* out) {
  __m256i x[16], y[16];
  for (uint32_t r = 0; r < 16; ++r)
    x[r] = _mm256_set_m128i(load_before(row + (r + 16) * stride, end), load_before(row + r * stride, end));
  const auto alternate = [](const __m256i(&from)[16], __m256i(&to)[16]) {
    for (uint32_t i = 0; i < 8; ++i) {
      to[2 * i] = _mm256_unpacklo_epi8(from[i], from[i + 8]);
      to[2 * i + 1] = _mm256_unpackhi_epi8(from[i], from[i + 8]);
    }
  };
  alternate(x, y);
  alternate(y, x);
  alternate(x, y);
  alternate(y, x);
  for (uint32_t b = 0; b < kPiece; ++b) _mm256_store_si256(reinterpret_cast<__m256i*>(out + b * 32), x[b]);
}

// Sums of thirty-two rows, 16 bits each: of all, with what odd rows add 256 times over, and of the odd ones.
struct ShortSums {
  __m256i all = _mm256_setzero_si256(), odd = _mm256_setzero_si256();

  // The entries of two parts for the bytes of thirty-two rows.
  void add(__m256i bytes, const std::byte* table) {
    const __m256i half = _mm256_set1_epi8(15);
    add_entries(_mm256_and_si256(bytes, half), table);
    add_entries(_mm256_and_si256(_mm256_srli_epi16(bytes, 4), half), table + 16);
  }

  void add_entries(__m256i halves, const std::byte* table) {
    const __m256i both = _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(table)));
    const __m256i entries = _mm256_shuffle_epi8(both, halves);
    all = _mm256_add_epi16(all, entries);
    odd = _mm256_add_epi16(odd, _mm256_srli_epi16(entries, 8));
  }
};

// Sums of thirty-two rows, 32 bits each: of[i] holds rows 4j + i.
struct LongSums {
  __m256i of[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                   _mm256_setzero_si256()};

  void add(const ShortSums& sums) {
    const __m256i low = _mm256_set1_epi32(0xffff), odd = sums.odd;
    const __m256i even = _mm256_sub_epi16(sums.all, _mm256_slli_epi16(odd, 8));
    of[0] = _mm256_add_epi32(of[0], _mm256_and_si256(even, low));
    of[1] = _mm256_add_epi32(of[1], _mm256_and_si256(odd, low));
    of[2] = _mm256_add_epi32(of[2], _mm256_srli_epi32(even, 16));
    of[3] = _mm256_add_epi32(of[3], _mm256_srli_epi32(odd, 16));
  }

  uint64_t at_least(uint32_t least) const {
    if (least > 0x7fffffff) return 0;
    const __m256i too_little = _mm256_set1_epi32(static_cast<int32_t>(least) - 1);
    uint64_t mask = 0;
    for (int i = 0; i < 4; ++i) {
      const __m256i enough = _mm256_cmpgt_epi32(of[i], too_little);
      for (uint32_t lanes = static_cast<uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(enough))); lanes;
           lanes &= lanes - 1)
        mask |= uint64_t{1} << (4 * __builtin_ctz(lanes) + i);
    }
    return mask;
  }
};

inline LongSums sum_thirty_two(const std::byte* row, uint32_t width, const std::byte* tables) {
  LongSums sums;
  alignas(32) std::byte turned[kPiece * kThirtyTwo];
  const std::byte* end = row + size_t{kThirtyTwo} * width;
  for (uint32_t at = 0; at < width;) {
    ShortSums some;
    const uint32_t until = width - at < kShortBytes ? width : at + kShortBytes;
    while (at < until) {
      const uint32_t bytes = until - at < kPiece ? until - at : kPiece;
      turn_piece(row + at, width, end, turned);
      for (uint32_t b = 0; b < bytes; ++b, ++at, tables += 32)
        some.add(_mm256_load_si256(reinterpret_cast<const __m256i*>(turned + b * 32)), tables);
    }
    sums.add(some);
  }
  return sums;
}

inline size_t tables4(const Codes& of) { return size_t{of.row_bytes} * 32; }
inline size_t table4(uint32_t part) { return size_t{part} * 16; }

inline uint32_t sift4(const Codes& codes, uint64_t first, uint32_t n, uint32_t least, const std::byte* tables,
                      uint32_t* rows) {
  return sift_by<kThirtyTwo>(codes, first, n, rows, [&](const std::byte* row) {
    return sum_thirty_two(row, codes.row_bytes, tables).at_least(least);
  });
}

inline size_t tables8(const Codes& of) { return size_t{of.row_bytes} * 256; }
inline size_t table8(uint32_t part) { return size_t{part} * 256; }

inline uint32_t sift8(const Codes& codes, uint64_t first, uint32_t n, uint32_t least, const std::byte* tables,
                      uint32_t* rows) {
  constexpr uint32_t kFour = 4;
  const size_t width = codes.row_bytes;
  return sift_by<kFour>(codes, first, n, rows, [&](const std::byte* row) {
    const uint8_t* table = reinterpret_cast<const uint8_t*>(tables);
    const uint8_t* of = reinterpret_cast<const uint8_t*>(row);
    uint32_t sum[kFour] = {};
    for (size_t part = 0; part < width; ++part, table += 256)
      for (uint32_t r = 0; r < kFour; ++r) sum[r] += table[of[r * width + part]];
    uint64_t mask = 0;
    for (uint32_t r = 0; r < kFour; ++r) mask |= uint64_t{sum[r] >= least} << r;
    return mask;
  });
}

}  // namespace
}  // namespace lilliput::avx2
