// The first of two stages: the signs of a row bound its score from above, for all but a few in a thousand,
// and only rows whose bound reaches the threshold have their other bits read. Signs are to the integers of a
// row what one bit is to a rotated vector: slope * dot(q, signs) estimates dot(q, integers) without bias (Gao
// and Long, SIGMOD 2024). Of the digits of a query the high ones will do.
#pragma once

#include "kernels/half_bytes512.h"
#include "kernels/planes/planes.h"
#include "kernels/rows512.h"

namespace lilliput::avx512 {
namespace {

// A table holds a quarter of what four numbers of a query add up to, which is -508 to 508, above this.
constexpr int32_t kQuarterOffset = 128;

// Which of sixteen patterns of four bits have each bit.
constexpr __mmask16 kWithBit[] = {0xaaaa, 0xcccc, 0xf0f0, 0xff00};

struct GateHead {
  float slope, noise, bias;  // in scores, but for a row's own factor
  int32_t ceiling;           // dot(q, signs) is 8 times the sum of entries, less this
};
constexpr size_t kGateHead = 64;

inline size_t gate_bytes(const Codes& of) {
  return of.gate ? kGateHead + half_byte_tables(plane_bytes(of.dim)) : 0;
}

// There is one set of tables, for all thresholds.
inline void gate_prepare(const Codes&, const std::byte*, std::byte*) {}
inline uint32_t gate_set_for(const Codes&, const std::byte*, float) { return 0; }

template <uint32_t Digits>
inline void gate_make_set(const Codes& of, const std::byte* query, uint32_t, std::byte* out) {
  __builtin_memset(out, 0, gate_bytes(of));
  const Prepared prepared(query);
  const int8_t* q = reinterpret_cast<const int8_t*>(prepared.body);
  const int32_t squares = sum_of_squares(q, of.dim);
  for (uint32_t half = 0; half < 2 * plane_bytes(of.dim); ++half) {
    __m256i sums = _mm256_set1_epi16(4 * kQuarterOffset + 2);  // rounded to the nearest quarter
    for (uint32_t bit = 0; bit < 4; ++bit)                     // queries are padded with zeros
      sums = _mm256_mask_add_epi16(sums, kWithBit[bit], sums, _mm256_set1_epi16(q[4 * half + bit]));
    _mm_store_si128(reinterpret_cast<__m128i*>(out + kGateHead + half_byte_table(half)),
                    _mm256_cvtepi16_epi8(_mm256_srli_epi16(sums, 2)));
  }
  const float scale = prepared.head.scale * static_cast<float>(1 << bits_below<Digits>(of.dim));
  *reinterpret_cast<GateHead*>(out) = {
      of.gate->slope * scale, of.gate->noise * scale * __builtin_sqrtf(static_cast<float>(squares)),
      prepared.head.bias,
      static_cast<int32_t>(8 * kQuarterOffset * 2 * plane_bytes(of.dim)) + sum_of(q, of.dim)};
}

// What sixteen rows score at most.
inline __m512 most(const Codes& codes, uint64_t first, __mmask16 there, __m512i sums, const GateHead& gate) {
  const __m512i dots = _mm512_sub_epi32(_mm512_slli_epi32(sums, 3), _mm512_set1_epi32(gate.ceiling));
  // Below zero the slope of a row's own might be less, so that zero is what bounds it.
  const __m512 estimate = _mm512_max_ps(_mm512_cvtepi32_ps(dots), _mm512_setzero_ps());
  __m512 bound =
      _mm512_add_ps(_mm512_mul_ps(estimate, _mm512_set1_ps(gate.slope)), _mm512_set1_ps(gate.noise));
  if (codes.alpha) bound = _mm512_mul_ps(bound, _mm512_maskz_loadu_ps(there, codes.alpha + first));
  if (codes.beta) bound = _mm512_add_ps(bound, _mm512_maskz_loadu_ps(there, codes.beta + first));
  return _mm512_add_ps(bound, _mm512_set1_ps(gate.bias));
}

// Calls each(i, there, bounds) for sixteen rows at a time, from the i-th on, of which some are there.
template <class Each>
inline void each_sixteen(const Codes& codes, uint64_t first, uint32_t n, const std::byte* sieve,
                         const Each& each) {
  const GateHead& gate = *reinterpret_cast<const GateHead*>(sieve);
  const HalfByteSums sums(sieve + kGateHead, codes.row_bytes);
  const std::byte* row = codes.rows + first * codes.row_bytes;
  const uint32_t i = sums.each(row, n, [&](uint32_t at, __m512i sum) {
    each(at, static_cast<__mmask16>(0xffff), most(codes, first + at, 0xffff, sum, gate));
  });
  if (i == n) return;
  // The last sixteen again where n leaves a rest.
  const uint32_t at = n - kSixteen;
  const __mmask16 there = static_cast<__mmask16>(0xffff << (i - at));
  const __m512i sum = sums.sixteen(row + size_t{at} * codes.row_bytes, codes.row_bytes);
  each(at, there, most(codes, first + at, there, sum, gate));
}

// Fewer than sixteen rows all pass.
inline void gate_bounds(const Codes& codes, uint64_t first, uint32_t n, const std::byte* sieve, float* out) {
  if (n < kSixteen) {
    for (uint32_t i = 0; i < n; ++i) out[i] = __builtin_inff();
    return;
  }
  each_sixteen(codes, first, n, sieve, [&](uint32_t at, __mmask16 there, __m512 bounds) {
    _mm512_mask_storeu_ps(out + at, there, bounds);
  });
}

inline uint32_t gate_sift(const Codes& codes, uint64_t first, uint32_t n, const std::byte* sieve, uint32_t,
                          float threshold, uint32_t* rows) {
  uint32_t count = 0;
  if (n < kSixteen) {
    for (; count < n; ++count) rows[count] = static_cast<uint32_t>(first) + count;
    return count;
  }
  each_sixteen(codes, first, n, sieve, [&](uint32_t at, __mmask16 there, __m512 bounds) {
    const __mmask16 reach = _mm512_mask_cmp_ps_mask(there, bounds, _mm512_set1_ps(threshold), _CMP_NLT_UQ);
    if (there == 0xffff) {  // whether any reaches is beyond guessing
      count += write_sixteen(reach, first + at, rows + count);
      return;
    }
    for (uint32_t mask = reach; mask; mask &= mask - 1)
      rows[count++] = static_cast<uint32_t>(first) + at + static_cast<uint32_t>(__builtin_ctz(mask));
  });
  return count;
}

}  // namespace
}  // namespace lilliput::avx512
