// float32 rows, gated by bf16 products in the tile unit.
#include "kernels/f32/bf16_tile.h"
#include "kernels/tables.h"

namespace lilliput::amx {

constinit const Tile f32 = pair_tile<avx512::F32Row>();

}  // namespace lilliput::amx
