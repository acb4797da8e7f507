// Byte products with VPDPBUSD.
#include "kernels/roofline/read512.h"

namespace lilliput::avx512 {
namespace {

constexpr int kChains = 10;  // more than the unit's latency times its width
constexpr uint64_t kProducts = 64;

uint64_t multiply(uint64_t rounds) {
  __m512i sum[kChains];
#pragma GCC unroll 10
  for (int i = 0; i < kChains; ++i) sum[i] = _mm512_setzero_si512();
  const __m512i left = _mm512_set1_epi8(3), right = _mm512_set1_epi8(-5);
  for (uint64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 10
    for (int i = 0; i < kChains; ++i) {
      sum[i] = _mm512_dpbusd_epi32(sum[i], left, right);
      __asm__ volatile("" : "+v"(sum[i]));  // the compiler may neither merge nor drop what nobody reads
    }
  }
  return rounds * kChains * kProducts;
}

}  // namespace

constinit const Roofline roofline = {read, multiply};

}  // namespace lilliput::avx512
