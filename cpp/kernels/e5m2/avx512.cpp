// E5M2 rows with AVX-512.
#define LILLIPUT_TARGET avx512
#include "kernels/f32/widened512.h"
#include "kernels/small_floats.h"
#include "kernels/tables.h"

namespace lilliput::avx512 {

constinit const Kernels e5m2 = widened<E5M2Row>(encode_small<E5M2>);

}  // namespace lilliput::avx512
