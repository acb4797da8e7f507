// Four points at a time, in the compiler's own vectors.
#define LILLIPUT_TARGET portable
#include "lilliput/words.h"
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace lilliput::portable {
namespace {

typedef int32_t Lanes __attribute__((vector_size(16)));
constexpr uint32_t kLanes = 4, kAcross = 2;

inline Lanes splat(int32_t x) { return Lanes{x, x, x, x}; }

inline Lanes load(const int32_t* from) {
  Lanes out;
  __builtin_memcpy(&out, from, sizeof out);
  return out;
}

inline Lanes madd(Lanes sum, Lanes x, Lanes word) {
#if defined(__SSE2__)
  return sum + (Lanes)_mm_madd_epi16((__m128i)x, (__m128i)word);
#else
  return sum + ((x << 16) >> 16) * ((word << 16) >> 16) + (x >> 16) * (word >> 16);
#endif
}

inline Lanes larger(Lanes a, Lanes b) {
  const Lanes better = a > b;
  return (a & better) | (b & ~better);
}

}  // namespace
}  // namespace lilliput::portable

#include "kernels/words/tables.h"
#include "kernels/words/words.h"

namespace lilliput::portable {

constinit const NearestWord nearest_word = {nearest, products};

}  // namespace lilliput::portable
