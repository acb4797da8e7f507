// bfloat16 rows in the arithmetic of the baseline machine.
#define LILLIPUT_TARGET portable
#include "kernels/f32/plain.h"
#include "kernels/small_floats.h"
#include "kernels/tables.h"

namespace lilliput::portable {
namespace {

struct BF16Row {
  static constexpr uint32_t kBytes = 2;
  static void load(const std::byte* row, uint32_t count, float* sixteen) {
    uint16_t codes[kLanes] = {};
    __builtin_memcpy(codes, row, count * sizeof(uint16_t));
    for (int i = 0; i < kLanes; ++i) sixteen[i] = widen_bf16(codes[i]);
  }
};

}  // namespace

constinit const Kernels bf16 = float_kernels<BF16Row>(encode_bf16);

}  // namespace lilliput::portable
