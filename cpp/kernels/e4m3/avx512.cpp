// E4M3 rows with AVX-512.
#define LILLIPUT_TARGET avx512
#include "kernels/f32/widened512.h"
#include "kernels/small_floats.h"
#include "kernels/tables.h"

namespace lilliput::avx512 {

constinit const Kernels e4m3 = widened<E4M3Row>(encode_small<E4M3>);

}  // namespace lilliput::avx512
