// IEEE half rows, gated by bf16 products in the tile unit.
#include "kernels/f32/bf16_tile.h"
#include "kernels/tables.h"

namespace lilliput::amx {

using Row = avx512::F16Row;

constinit const Tile f16 = {4,
                            pair_group_bytes,
                            pair_pack,
                            pair_panel_bytes,
                            pair_load<Row>,
                            pair_dense<Row>,
                            pair_fused<Row>,
                            pair_floor};

}  // namespace lilliput::amx
