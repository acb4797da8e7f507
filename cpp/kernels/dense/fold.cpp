// Signed sums of groups of coordinates. Built for the baseline machine alone, so that the bits are the same
// everywhere; it runs at the speed of its loads as it is.
#include "lilliput/dense.h"

namespace lilliput {
namespace {

// Visits the groups: the first dim % out_dim of them hold one coordinate more than the others.
template <class Visit>
void by_group(uint32_t dim, uint32_t out_dim, const Visit& visit) {
  const uint32_t size = dim / out_dim, larger = dim % out_dim;
  const float scales[] = {1.0f / __builtin_sqrtf(static_cast<float>(size)),
                          1.0f / __builtin_sqrtf(static_cast<float>(size + 1))};
  for (uint32_t j = 0, k = 0; j < out_dim; ++j) {
    const uint32_t end = k + size + (j < larger);
    visit(j, k, end, scales[j < larger]);
    k = end;
  }
}

// Without a branch, which signs drawn at random would often mislead.
float signed_by(uint8_t flips, float x) {
  const uint32_t sign = uint32_t{flips != 0} << 31;
  return __builtin_bit_cast(float, __builtin_bit_cast(uint32_t, x) ^ sign);
}

}  // namespace

void fold(uint32_t dim, uint32_t out_dim, uint64_t n, const uint32_t* order, const uint8_t* signs,
          const float* x, float* y) {
  for (uint64_t i = 0; i < n; ++i, x += dim, y += out_dim)
    by_group(dim, out_dim, [&](uint32_t j, uint32_t k, uint32_t end, float scale) {
      float sum = 0.0f;
      for (; k < end; ++k) sum += signed_by(signs[k], x[order[k]]);
      y[j] = sum * scale;
    });
}

void unfold(uint32_t dim, uint32_t out_dim, uint64_t n, const uint32_t* order, const uint8_t* signs,
            const float* y, float* x) {
  for (uint64_t i = 0; i < n; ++i, x += dim, y += out_dim)
    by_group(dim, out_dim, [&](uint32_t j, uint32_t k, uint32_t end, float scale) {
      const float share = y[j] * scale;
      for (; k < end; ++k) x[order[k]] = signed_by(signs[k], share);
    });
}

}  // namespace lilliput
