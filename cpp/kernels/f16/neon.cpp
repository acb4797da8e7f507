// f16 rows on aarch64, whose baseline converts halves.
#define LILLIPUT_TARGET neon
#include "kernels/exact.h"
#include "kernels/f32/dot_neon.h"
#include "kernels/half.h"
#include "kernels/rows.h"
#include "kernels/tables.h"

namespace lilliput::neon {
namespace {

struct HardwareHalf {
  static void widen16(const uint16_t* in, float* out) {
    for (int i = 0; i < kLanes; i += 4)
      vst1q_f32(out + i, vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(in + i))));
  }
  static void narrow16(const float* in, uint16_t* out) {
    for (int i = 0; i < kLanes; i += 4)
      vst1_u16(out + i, vreinterpret_u16_f16(vcvt_f16_f32(vld1q_f32(in + i))));
  }
};

}  // namespace

constinit const Kernels f16 = float_kernels<F16Row>(encode_f16<HardwareHalf>);

}  // namespace lilliput::neon
