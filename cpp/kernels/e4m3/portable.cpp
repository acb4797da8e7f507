// E4M3 rows in the arithmetic of the baseline machine.
#define LILLIPUT_TARGET portable
#include "kernels/f32/plain.h"
#include "kernels/small_floats.h"
#include "kernels/tables.h"

namespace lilliput::portable {
namespace {

struct E4M3Row {
  static constexpr uint32_t kBytes = 1;
  static void load(const std::byte* row, uint32_t count, float* sixteen) {
    uint8_t codes[kLanes] = {};
    __builtin_memcpy(codes, row, count);
    for (int i = 0; i < kLanes; ++i) sixteen[i] = Small<E4M3>::widen(codes[i]);
  }
};

}  // namespace

constinit const Kernels e4m3 = float_kernels<E4M3Row>(encode_small<E4M3>);

}  // namespace lilliput::portable
