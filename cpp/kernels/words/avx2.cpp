// Eight points at a time.
#define LILLIPUT_TARGET avx2
#include <immintrin.h>

#include "lilliput/words.h"

namespace lilliput::avx2 {
namespace {

typedef int32_t Lanes __attribute__((vector_size(32)));
constexpr uint32_t kLanes = 8, kAcross = 2;

inline Lanes splat(int32_t x) { return (Lanes)_mm256_set1_epi32(x); }

inline Lanes load(const int32_t* from) {
  return (Lanes)_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

inline Lanes madd(Lanes sum, Lanes x, Lanes word) {
  return sum + (Lanes)_mm256_madd_epi16((__m256i)x, (__m256i)word);
}

inline Lanes larger(Lanes a, Lanes b) { return (Lanes)_mm256_max_epi32((__m256i)a, (__m256i)b); }

}  // namespace
}  // namespace lilliput::avx2

#include "kernels/words/tables.h"
#include "kernels/words/words.h"

namespace lilliput::avx2 {

constinit const NearestWord nearest_word = {nearest, products};

}  // namespace lilliput::avx2
