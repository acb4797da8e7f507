// Products of bytes on aarch64: two of at most 128 * 127 fit int16 before they widen.
#pragma once

#include <arm_neon.h>

namespace lilliput::neon {
namespace {

inline int32x4_t step(int8x16_t x, int8x16_t q, int32x4_t sum) {
  const int16x8_t low = vmull_s8(vget_low_s8(x), vget_low_s8(q));
  return vpadalq_s16(sum, vmlal_s8(low, vget_high_s8(x), vget_high_s8(q)));
}

}  // namespace
}  // namespace lilliput::neon
