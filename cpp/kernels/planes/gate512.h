// The first of two stages: the signs of a row bound its score from above, for all but a few in ten million,
// and only rows whose bound reaches the threshold have their other bits read. Signs are to the integers of a
// row what one bit is to a rotated vector: slope * dot(q, signs) estimates dot(q, integers) without bias (Gao
// and Long, SIGMOD 2024).
#pragma once

#include "kernels/half_bytes512.h"
#include "kernels/planes/planes.h"
#include "kernels/rows512.h"

namespace lilliput::avx512 {
namespace {

// A table holds a quarter of what four numbers of a query add up to, which is -508 to 508, above this.
constexpr int32_t kQuarterOffset = 128;

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

inline void gate_make_set(const Codes& of, const std::byte* query, uint32_t, std::byte* out) {
  __builtin_memset(out, 0, gate_bytes(of));
  const Prepared prepared(query);
  const int8_t* q = reinterpret_cast<const int8_t*>(prepared.body);
  int32_t squares = 0;
  for (uint32_t i = 0; i < of.dim; ++i) squares += int16_t{q[i]} * int16_t{q[i]};
  for (uint32_t half = 0; half < 2 * plane_bytes(of.dim); ++half) {
    uint8_t* entries = reinterpret_cast<uint8_t*>(out + kGateHead + half_byte_table(half));
    for (uint32_t pattern = 0; pattern < 16; ++pattern) {
      int32_t sum = 4 * kQuarterOffset + 2;   // rounded to the nearest quarter
      for (uint32_t bit = 0; bit < 4; ++bit)  // queries are padded with zeros
        if (pattern >> bit & 1) sum += q[4 * half + bit];
      entries[pattern] = static_cast<uint8_t>(sum / 4);
    }
  }
  const float scale = prepared.head.scale;
  *reinterpret_cast<GateHead*>(out) = {
      of.gate->slope * scale, of.gate->noise * scale * __builtin_sqrtf(static_cast<float>(squares)),
      prepared.head.bias,
      static_cast<int32_t>(8 * kQuarterOffset * 2 * plane_bytes(of.dim)) + prepared.head.sum};
}

// Which of sixteen rows may reach the threshold.
inline uint32_t reaching(const Codes& codes, uint64_t first, __mmask16 there, __m512i sums,
                         const GateHead& gate, float threshold) {
  const __m512i dots = _mm512_sub_epi32(_mm512_slli_epi32(sums, 3), _mm512_set1_epi32(gate.ceiling));
  // Below zero the slope of a row's own might be less, so that zero is what bounds it.
  const __m512 estimate = _mm512_max_ps(_mm512_cvtepi32_ps(dots), _mm512_setzero_ps());
  __m512 bound =
      _mm512_add_ps(_mm512_mul_ps(estimate, _mm512_set1_ps(gate.slope)), _mm512_set1_ps(gate.noise));
  if (codes.alpha) bound = _mm512_mul_ps(bound, _mm512_maskz_loadu_ps(there, codes.alpha + first));
  if (codes.beta) bound = _mm512_add_ps(bound, _mm512_maskz_loadu_ps(there, codes.beta + first));
  bound = _mm512_add_ps(bound, _mm512_set1_ps(gate.bias));
  return _mm512_mask_cmp_ps_mask(there, bound, _mm512_set1_ps(threshold), _CMP_NLT_UQ);
}

inline uint32_t gate_sift(const Codes& codes, uint64_t first, uint32_t n, const std::byte* sieve, uint32_t,
                          float threshold, uint32_t* rows) {
  const GateHead& gate = *reinterpret_cast<const GateHead*>(sieve);
  const HalfByteSums sums(sieve + kGateHead, plane_bytes(codes.dim));
  uint32_t count = 0;
  for (uint32_t i = 0; i < n; i += kSixteen) {
    // The last sixteen again where n leaves a rest; fewer rows than that all pass.
    const uint32_t at = n - i >= kSixteen || n < kSixteen ? i : n - kSixteen;
    const __mmask16 there = static_cast<__mmask16>(0xffff << (i - at));
    uint32_t mask = n < kSixteen
                        ? (1u << n) - 1
                        : reaching(codes, first + at, there,
                                   sums.sixteen(codes.rows + (first + at) * codes.row_bytes, codes.row_bytes),
                                   gate, threshold);
    for (; mask; mask &= mask - 1)
      rows[count++] = static_cast<uint32_t>(first) + at + static_cast<uint32_t>(__builtin_ctz(mask));
  }
  return count;
}

}  // namespace
}  // namespace lilliput::avx512
