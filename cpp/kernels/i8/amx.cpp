// Signed bytes with a scale a row, in the tile unit.
#include "kernels/i8/amx_tile.h"
#include "kernels/tables.h"

namespace lilliput::amx {

constinit const Tile i8 = {2,         byte_group_bytes, byte_pack<127>, byte_panel_bytes,
                           byte_load, byte_dense,       byte_fused};

}  // namespace lilliput::amx
