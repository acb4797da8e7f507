// E4M3 rows, exact in bf16, so that the tile unit rounds the queries alone.
#include "kernels/f32/bf16_tile.h"
#include "kernels/tables.h"

namespace lilliput::amx {

constinit const Tile e4m3 = pair_tile<avx512::E4M3Row>();

}  // namespace lilliput::amx
