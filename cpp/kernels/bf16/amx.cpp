// bfloat16 rows, exact in bf16, so that the tile unit rounds the queries alone.
#include "kernels/f32/bf16_tile.h"
#include "kernels/tables.h"

namespace lilliput::amx {

constinit const Tile bf16 = pair_tile<avx512::BF16Row>();

}  // namespace lilliput::amx
