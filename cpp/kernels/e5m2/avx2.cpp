// E5M2 rows: widened to halves by shifts, and to floats by F16C.
#define LILLIPUT_TARGET avx2
#include "kernels/f32/widened_avx2.h"
#include "kernels/small_floats.h"
#include "kernels/tables.h"

namespace lilliput::avx2 {

constinit const Kernels e5m2 = widened<E5M2Row>(encode_small<E5M2>);

}  // namespace lilliput::avx2
