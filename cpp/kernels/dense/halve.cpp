// Odd integers v as the whole numbers (v - 1) / 2, at the speed of memory.
#include "lilliput/dense.h"

namespace lilliput {

void halve(uint32_t dim, uint64_t n, const float* odd, int8_t* halves, float* alpha, float* shift) {
  for (uint64_t i = 0; i < n * dim; ++i)
    halves[i] = static_cast<int8_t>(static_cast<int32_t>((odd[i] - 1.0f) * 0.5f));
  for (uint64_t i = 0; i < n; ++i) {
    shift[i] += alpha[i];
    alpha[i] *= 2.0f;
  }
}

}  // namespace lilliput
