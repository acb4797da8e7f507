// Numbers held within a limit, at the speed of memory.
#include "lilliput/dense.h"

namespace lilliput {

void clamp(uint64_t n, float limit, const float* x, float* y) {
  for (uint64_t i = 0; i < n; ++i) {
    const float low = x[i] < -limit ? -limit : x[i];
    y[i] = low > limit ? limit : low;
  }
}

}  // namespace lilliput
