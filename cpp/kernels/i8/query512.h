// A query of integer rows: digits that are signed bytes, each padded with zeros to whole lines.
#pragma once

#include "kernels/i8/quantise512.h"

namespace lilliput::avx512 {
namespace {

inline size_t whole_lines(uint32_t dim) { return (size_t{dim} + 63) / 64 * 64; }

inline size_t i8_query_bytes(const Codes& of) { return kQueryHead + whole_lines(of.dim); }

inline void i8_prepare(const Codes& of, const float* query, float bias, std::byte* out) {
  __builtin_memset(out, 0, i8_query_bytes(of));
  const Quantised grid = quantise(query, of.dim, 127, reinterpret_cast<int8_t*>(out + kQueryHead));
  *reinterpret_cast<QueryHead*>(out) = {grid.scale, bias, grid.sum};
}

// The high digits, the low ones, and a line more: of each sum of a lane, minus 128 times the numbers that it
// multiplies, so that products with 128 + v add up to those with v.
inline size_t digits_query_bytes(const Codes& of) { return kQueryHead + 2 * whole_lines(of.dim) + 64; }

inline void digits_prepare(const Codes& of, const float* query, float bias, std::byte* out) {
  __builtin_memset(out, 0, digits_query_bytes(of));
  const size_t apart = whole_lines(of.dim);
  std::byte* digits = out + kQueryHead;
  const Quantised grid = quantise<2>(query, of.dim, kLevels, reinterpret_cast<int8_t*>(digits), apart);
  __m512i taken[2] = {};
  for (size_t at = 0; at < 2 * apart; at += 64) {
    __m512i& sum = taken[at / apart];
    sum = _mm512_dpbusd_epi32(sum, _mm512_set1_epi8(static_cast<char>(128)), _mm512_loadu_si512(digits + at));
  }
  const __m512i whole = _mm512_add_epi32(shifted(taken[0], low_bits(of.dim)), taken[1]);
  _mm512_storeu_si512(digits + 2 * apart, _mm512_sub_epi32(_mm512_setzero_si512(), whole));
  *reinterpret_cast<QueryHead*>(out) = {grid.scale, bias, grid.sum};
}

}  // namespace
}  // namespace lilliput::avx512
