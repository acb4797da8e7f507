// E5M2 rows on aarch64.
#define LILLIPUT_TARGET neon
#include "kernels/f32/dot_neon.h"
#include "kernels/small_floats.h"
#include "kernels/tables.h"

namespace lilliput::neon {

constinit const Kernels e5m2 = float_kernels<E5M2Row>(encode_small<E5M2>);

}  // namespace lilliput::neon
