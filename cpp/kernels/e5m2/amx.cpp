// E5M2 rows, exact in bf16, so that the tile unit rounds the queries alone.
#include "kernels/f32/bf16_tile.h"
#include "kernels/tables.h"

namespace lilliput::amx {

constinit const Tile e5m2 = pair_tile<avx512::E5M2Row>();

}  // namespace lilliput::amx
