// One query against rows of word numbers: sixteen parts of a row at a time, or, of half bytes, sixteen rows.
#pragma once

#include <immintrin.h>

#include "kernels/lut/lut.h"

namespace lilliput::avx512 {
namespace {

// Sixteen word numbers of a row from part `from` on; zeros past its end.
template <uint32_t Bits>
inline __m512i sixteen_numbers(const std::byte* row, uint32_t from, uint32_t parts) {
  const uint32_t left = parts - from;
  if constexpr (Bits == 8) {
    const __mmask16 there = static_cast<__mmask16>(left < 16 ? (1u << left) - 1 : 0xffff);
    return _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(there, row + from));
  }
  uint64_t halves = 0;
  __builtin_memcpy(&halves, row + from / 2, left < 16 ? (left + 1) / 2 : 8);
  const __m512i shifts = _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 0, 4, 8, 12, 16, 20, 24, 28);
  const __m512i low = _mm512_set1_epi32(static_cast<int32_t>(halves));
  const __m512i words = _mm512_mask_set1_epi32(low, 0xff00, static_cast<int32_t>(halves >> 32));
  return _mm512_and_si512(_mm512_srlv_epi32(words, shifts), _mm512_set1_epi32(15));
}

// The same as `lut_score`.
template <uint32_t Bits, bool Norms>
inline float lut_score512(const Codes& codes, const std::byte* row, const std::byte* query) {
  const Codebook& book = *codes.book;
  const int32_t* table = lut_table(query);
  const int32_t* norms = book.norms;
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i tables = _mm512_slli_epi32(lane, Bits), none = _mm512_setzero_si512();
  __m512i dot = none, sum = none;
  for (uint32_t part = 0; part < book.parts; part += 16) {
    const uint32_t left = book.parts - part;
    const __mmask16 there = static_cast<__mmask16>(left < 16 ? (1u << left) - 1 : 0xffff);
    const __m512i at = _mm512_add_epi32(tables, sixteen_numbers<Bits>(row, part, book.parts));
    const size_t from = size_t{part} << Bits;
    dot = _mm512_add_epi32(dot, _mm512_mask_i32gather_epi32(none, there, at, table + from, 4));
    if constexpr (Norms)
      sum = _mm512_add_epi32(sum, _mm512_mask_i32gather_epi32(none, there, at, norms + from, 4));
  }
  return lut_rounded<Norms>(_mm512_reduce_add_epi32(dot), Norms ? _mm512_reduce_add_epi32(sum) : 0, book,
                            query);
}

template <uint32_t Bits>
constexpr auto kLutBlock512 = lut_block<lut_score512<Bits, false>, lut_score512<Bits, true>>;
template <uint32_t Bits>
constexpr auto kLutGather512 = lut_gather<lut_score512<Bits, false>, lut_score512<Bits, true>>;

// The eight numbers in each lane's four bytes, looked up and added.
template <bool Norms>
inline void add_eight(__m512i numbers, const int32_t* table, const int32_t* norms, uint32_t parts,
                      __m512i& dot, __m512i& sum) {
  for (uint32_t p = 0; p < parts; ++p, numbers = _mm512_srli_epi32(numbers, 4)) {
    // A lookup takes the low four bits of a lane alone.
    dot = _mm512_add_epi32(dot, _mm512_permutexvar_epi32(numbers, _mm512_loadu_si512(table + 16 * p)));
    if constexpr (Norms)
      sum = _mm512_add_epi32(sum, _mm512_permutexvar_epi32(numbers, _mm512_loadu_si512(norms + 16 * p)));
  }
}

// The same as `lut_alpha`, of squared lengths.
inline __m512 sixteen_alphas(__m512 squares, const Lengths& of) {
  const __m512 root = _mm512_sqrt_ps(_mm512_max_ps(squares, _mm512_set1_ps(of.least)));
  const __m512 line = _mm512_add_ps(_mm512_set1_ps(of.at), _mm512_mul_ps(_mm512_set1_ps(of.slope), squares));
  const __mmask16 beyond = _mm512_cmp_ps_mask(squares, _mm512_set1_ps(of.most), _CMP_GT_OQ);
  return _mm512_div_ps(_mm512_set1_ps(1.0f), _mm512_mask_blend_ps(beyond, root, line));
}

// Sixteen rows that follow one another: the numbers of eight parts from `part` on, and of fewer, the last.
struct RowsInTurn {
  const std::byte* rows;
  size_t stride;

  __m512i eight(uint32_t part) const {
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i at = _mm512_mullo_epi32(lane, _mm512_set1_epi32(static_cast<int32_t>(stride)));
    return _mm512_i32gather_epi32(at, rows + part / 2, 1);
  }
  const std::byte* row(uint32_t r) const { return rows + r * stride; }
};

// Any sixteen rows.
struct RowsAnywhere {
  const std::byte* rows;
  int64_t at[16];

  __m512i eight(uint32_t part) const {
    const __m256i low = _mm512_i64gather_epi32(_mm512_loadu_si512(at), rows + part / 2, 1);
    const __m256i high = _mm512_i64gather_epi32(_mm512_loadu_si512(at + 8), rows + part / 2, 1);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
  }
  const std::byte* row(uint32_t r) const { return rows + at[r]; }
};

template <bool Norms, class Rows>
inline __m512 lut4_sixteen(const Codes& codes, const Rows& rows, const std::byte* query) {
  const Codebook& book = *codes.book;
  const int32_t* table = reinterpret_cast<const int32_t*>(query + kQueryHead);
  __m512i dot = _mm512_setzero_si512(), sum = _mm512_setzero_si512();
  uint32_t part = 0;
  for (; part + 8 <= book.parts; part += 8)
    add_eight<Norms>(rows.eight(part), table + 16 * part, Norms ? book.norms + 16 * part : nullptr, 8, dot,
                     sum);
  if (part < book.parts) {
    // The last bytes of the last row end the codes: nothing is read past them.
    alignas(64) uint32_t last[16] = {};
    for (uint32_t r = 0; r < 16; ++r)
      __builtin_memcpy(last + r, rows.row(r) + part / 2, codes.row_bytes - part / 2);
    add_eight<Norms>(_mm512_load_si512(last), table + 16 * part, Norms ? book.norms + 16 * part : nullptr,
                     book.parts - part, dot, sum);
  }
  __m512 factor = _mm512_set1_ps(head(query).scale), own = _mm512_setzero_ps();
  if constexpr (Norms) {
    own = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), _mm512_set1_ps(book.unit));
    if (book.lengths) factor = _mm512_mul_ps(factor, sixteen_alphas(own, *book.lengths));
  }
  __m512 score = _mm512_mul_ps(_mm512_cvtepi32_ps(dot), factor);
  if (Norms && !book.lengths) score = _mm512_add_ps(score, own);
  return _mm512_add_ps(score, _mm512_set1_ps(head(query).bias));
}

template <class Rows>
inline void lut4_scores(const Codes& codes, const Rows& rows, const std::byte* query, __mmask16 there,
                        float* scores) {
  const bool norms = codes.book->norms;
  _mm512_mask_storeu_ps(
      scores, there,
      norms ? lut4_sixteen<true>(codes, rows, query) : lut4_sixteen<false>(codes, rows, query));
}

inline void lut4_block(const Codes& codes, uint64_t first, uint32_t n, const std::byte* query,
                       float* scores) {
  uint32_t i = 0;
  for (; i + 16 <= n; i += 16)
    lut4_scores(codes, RowsInTurn{codes.rows + (first + i) * codes.row_bytes, codes.row_bytes}, query, 0xffff,
                scores + i);
  kLutBlock512<4>(codes, first + i, n - i, query, scores + i);
}

constexpr uint32_t kTogether = 3;  // rows that cost as much one by one as sixteen do side by side

inline void lut4_gather(const Codes& codes, const uint32_t* rows, uint32_t n, const std::byte* query,
                        float* scores) {
  uint32_t i = 0;
  for (; n - i >= kTogether; i += n - i < 16 ? n - i : 16) {
    const uint32_t there = n - i < 16 ? n - i : 16;
    RowsAnywhere some{codes.rows, {}};
    for (uint32_t r = 0; r < 16; ++r) some.at[r] = int64_t{rows[i + (r < there ? r : 0)]} * codes.row_bytes;
    lut4_scores(codes, some, query, static_cast<__mmask16>((1u << there) - 1), scores + i);
  }
  kLutGather512<4>(codes, rows + i, n - i, query, scores + i);
}

}  // namespace
}  // namespace lilliput::avx512
