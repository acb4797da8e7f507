// bfloat16 rows on aarch64.
#define LILLIPUT_TARGET neon
#include "kernels/f32/dot_neon.h"
#include "kernels/small_floats.h"
#include "kernels/tables.h"

namespace lilliput::neon {

constinit const Kernels bf16 = float_kernels<BF16Row>(encode_bf16);

}  // namespace lilliput::neon
