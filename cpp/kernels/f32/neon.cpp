// f32 rows on aarch64.
#define LILLIPUT_TARGET neon
#include "kernels/exact.h"
#include "kernels/f32/dot_neon.h"
#include "kernels/rows.h"
#include "kernels/tables.h"

namespace lilliput::neon {

constinit const Kernels f32 = float_kernels<F32Row>(encode_f32);

}  // namespace lilliput::neon
