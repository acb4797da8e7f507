// E4M3 rows on aarch64.
#define LILLIPUT_TARGET neon
#include "kernels/f32/dot_neon.h"
#include "kernels/small_floats.h"
#include "kernels/tables.h"

namespace lilliput::neon {

constinit const Kernels e4m3 = float_kernels<E4M3Row>(encode_small<E4M3>);

}  // namespace lilliput::neon
