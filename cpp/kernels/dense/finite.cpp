// Looking for what is not a number, at the speed of memory.
#include "lilliput/dense.h"

namespace lilliput {

uint64_t first_bad(uint32_t dim, uint64_t n, const float* x) {
  constexpr uint32_t kExponent = 0x7f800000;
  for (uint64_t i = 0; i < n; ++i, x += dim) {
    uint32_t bad = 0;
    for (uint32_t k = 0; k < dim; ++k) bad |= (__builtin_bit_cast(uint32_t, x[k]) & kExponent) == kExponent;
    if (bad) return i;
  }
  return n;
}

}  // namespace lilliput
