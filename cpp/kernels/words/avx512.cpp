// Sixteen points at a time; VNNI multiplies and adds a pair in one instruction.
#define LILLIPUT_TARGET avx512
#include <immintrin.h>

#include "lilliput/words.h"

namespace lilliput::avx512 {
namespace {

typedef int32_t Lanes __attribute__((vector_size(64)));
constexpr uint32_t kLanes = 16, kAcross = 4;

inline Lanes splat(int32_t x) { return (Lanes)_mm512_set1_epi32(x); }
inline Lanes load(const int32_t* from) { return (Lanes)_mm512_loadu_si512(from); }

inline Lanes madd(Lanes sum, Lanes x, Lanes word) {
  return (Lanes)_mm512_dpwssd_epi32((__m512i)sum, (__m512i)x, (__m512i)word);
}

inline Lanes larger(Lanes a, Lanes b) { return (Lanes)_mm512_max_epi32((__m512i)a, (__m512i)b); }

}  // namespace
}  // namespace lilliput::avx512

#include "kernels/words/tables.h"
#include "kernels/words/words.h"

namespace lilliput::avx512 {

constinit const NearestWord nearest_word = {nearest, products};

}  // namespace lilliput::avx512
