// int4 rows, expanded to bytes, in the tile unit.
#define LILLIPUT_TARGET amx
#include "kernels/i4/expand512.h"
#include "kernels/i8/amx_tile.h"
#include "kernels/tables.h"

namespace lilliput::amx {
namespace {

void load(Panel& panel, std::byte* memory) {
  panel.stride = size_t{byte_steps(panel.codes->dim)} * 64;
  panel.rows = memory;
  expand_rows(*panel.codes, panel.n, panel.stride, memory);
}

}  // namespace

constinit const Tile i4 = {4,    byte_group_bytes, byte_pack<127>, byte_rows_bytes,
                           load, byte_dense,       byte_fused};

}  // namespace lilliput::amx
