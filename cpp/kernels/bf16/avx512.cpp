// bfloat16 rows with AVX-512.
#define LILLIPUT_TARGET avx512
#include "kernels/f32/widened512.h"
#include "kernels/small_floats.h"
#include "kernels/tables.h"

namespace lilliput::avx512 {

constinit const Kernels bf16 = widened<BF16Row>(encode_bf16);

}  // namespace lilliput::avx512
