// f32 rows on aarch64.
#define LILLIPUT_TARGET neon
#include "kernels/exact.h"
#include "kernels/f32/dot_neon.h"
#include "kernels/rows.h"
#include "kernels/tables.h"

namespace lilliput::neon {

constinit const Kernels f32 = {
    .query_bytes = float_query_bytes,
    .prepare = float_prepare,
    .block = block<FloatDot<F32Row>>,
    .gather = gather<FloatDot<F32Row>>,
    .encode = encode_f32,
    .tile = nullptr,
};

}  // namespace lilliput::neon
