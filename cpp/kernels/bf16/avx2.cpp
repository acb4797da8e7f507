// bfloat16 rows: a shift makes them floats.
#define LILLIPUT_TARGET avx2
#include "kernels/f32/widened_avx2.h"
#include "kernels/small_floats.h"
#include "kernels/tables.h"

namespace lilliput::avx2 {

constinit const Kernels bf16 = widened<BF16Row>(encode_bf16);

}  // namespace lilliput::avx2
