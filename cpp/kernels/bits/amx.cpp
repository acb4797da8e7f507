// Sign bits, expanded to bytes, in the tile unit.
#include "kernels/bits/expand512.h"
#include "kernels/i8/amx_tile.h"
#include "kernels/tables.h"

namespace lilliput::amx {
namespace {

void load(Panel& panel, std::byte* memory) {
  panel.stride = size_t{byte_steps(panel.codes->dim)} * 64;
  panel.rows = memory;
  avx512::expand_bits(*panel.codes, panel.n, panel.stride, memory);
}

}  // namespace

constinit const Tile bits = {10,   byte_group_bytes, byte_pack<7>, byte_rows_bytes,
                             load, byte_dense,       byte_fused};

}  // namespace lilliput::amx
