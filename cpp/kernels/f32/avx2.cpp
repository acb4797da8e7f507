// f32 rows by fused multiply-add, eight at a time.
#define LILLIPUT_TARGET avx2
#include "kernels/exact.h"
#include "kernels/f32/dot_avx2.h"
#include "kernels/f32/tile_avx2.h"
#include "kernels/rows.h"
#include "kernels/tables.h"

namespace lilliput::avx2 {
namespace {

size_t as_they_lie(uint32_t, uint32_t) { return 0; }

constexpr Tile kTile = {
    .least_queries = 8,
    .group_bytes = float_group_bytes,
    .pack = float_pack,
    .panel_bytes = as_they_lie,
    .load = nullptr,
    .dense = float_dense,
    .fused = nullptr,
};

}  // namespace

constinit const Kernels f32 = {
    .query_bytes = float_query_bytes,
    .prepare = float_prepare,
    .block = block<FloatDot<F32Row>>,
    .gather = gather<FloatDot<F32Row>>,
    .encode = encode_f32,
    .tile = &kTile,
};

}  // namespace lilliput::avx2
