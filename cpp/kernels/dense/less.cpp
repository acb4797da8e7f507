// Rows about an origin, at the speed of memory.
#include "lilliput/dense.h"

namespace lilliput {

void less(uint32_t dim, uint64_t n, const float* x, const float* origin, float* y) {
  for (uint64_t i = 0; i < n; ++i, x += dim, y += dim)
    for (uint32_t j = 0; j < dim; ++j) y[j] = x[j] - origin[j];
}

}  // namespace lilliput
