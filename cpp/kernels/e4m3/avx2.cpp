// E4M3 rows: widened to halves by shifts, and to floats by F16C.
#define LILLIPUT_TARGET avx2
#include "kernels/f32/widened_avx2.h"
#include "kernels/small_floats.h"
#include "kernels/tables.h"

namespace lilliput::avx2 {

constinit const Kernels e4m3 = widened<E4M3Row>(encode_small<E4M3>);

}  // namespace lilliput::avx2
