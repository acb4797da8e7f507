// f32 rows in the arithmetic of the baseline machine.
#define LILLIPUT_TARGET portable
#include "kernels/exact.h"
#include "kernels/f32/plain.h"
#include "kernels/tables.h"

namespace lilliput::portable {
namespace {

struct F32Row {
  static constexpr uint32_t kBytes = 4;
  static void load(const std::byte* row, uint32_t count, float* sixteen) {
    __builtin_memcpy(sixteen, row, count * sizeof(float));
  }
};

}  // namespace

constinit const Kernels f32 = float_kernels<F32Row>(encode_f32);

}  // namespace lilliput::portable
