// The table of a query's products with every word, sixteen words at a time.
#pragma once

#include <immintrin.h>

#include "kernels/lut/lut.h"

namespace lilliput::avx512 {
namespace {

// What sixteen words, one after another, multiply with their part of the query. Words plus 128 are the
// unsigned side; 128 times the query's sum is taken off again.
inline __m512i sixteen_products(const int8_t* word, const int8_t* query, uint32_t width) {
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i at = _mm512_mullo_epi32(lane, _mm512_set1_epi32(static_cast<int32_t>(width)));
  const __m512i flip = _mm512_set1_epi8(static_cast<char>(0x80));
  __m512i dot = _mm512_setzero_si512(), sum = _mm512_setzero_si512();
  for (uint32_t i = 0; i < width; i += 4) {
    uint32_t four = 0;  // of the query, zero past the end of the part
    __builtin_memcpy(&four, query + i, 4);
    if (width - i < 4) four &= (1u << (8 * (width - i))) - 1;
    const __m512i q = _mm512_set1_epi32(static_cast<int32_t>(four));
    dot = _mm512_dpbusd_epi32(dot, _mm512_xor_si512(_mm512_i32gather_epi32(at, word + i, 1), flip), q);
    sum = _mm512_dpbusd_epi32(sum, flip, q);
  }
  return _mm512_sub_epi32(dot, sum);
}

// The same as `lut_prepare`.
inline void lut_prepare512(const Codes& of, const float* query, float bias, std::byte* out) {
  const Codebook& book = *of.book;
  const Grid grid(query, of.dim, 127.0f);
  int32_t* table = reinterpret_cast<int32_t*>(out + kQueryHead);
  int8_t* codes = reinterpret_cast<int8_t*>(out + lut_codes_at(book));
  round_each(query, of.dim, grid.inverse, codes);
  const uint32_t words = book.parts * book.entries, hop = lut_hop(book);
  // Words are read by fours, which must not pass the end of the last one.
  const uint32_t by_fours = book.width % 4 ? words - 16 : words;
  uint32_t at = 0;
  for (; at < by_fours; at += 16)
    _mm512_storeu_si512(table + at, sixteen_products(book.words + size_t{at} * book.width,
                                                     codes + at / book.entries * hop, book.width));
  for (; at < words; ++at)
    table[at] =
        lut_product(book.words + size_t{at} * book.width, codes + at / book.entries * hop, book.width);
  write_head(out, grid.step, bias, 0);
}

}  // namespace
}  // namespace lilliput::avx512
