// f16 rows in the arithmetic of the baseline machine: halves are widened in software.
#define LILLIPUT_TARGET portable
#include "kernels/exact.h"
#include "kernels/f32/plain.h"
#include "kernels/half.h"
#include "kernels/tables.h"

namespace lilliput::portable {
namespace {

struct F16Row {
  static constexpr uint32_t kBytes = 2;
  static void load(const std::byte* row, uint32_t count, float* sixteen) {
    uint16_t halves[kLanes] = {};
    __builtin_memcpy(halves, row, count * sizeof(uint16_t));
    SoftwareHalf::widen16(halves, sixteen);
  }
};

}  // namespace

constinit const Kernels f16 = float_kernels<F16Row>(encode_f16<SoftwareHalf>);

}  // namespace lilliput::portable
