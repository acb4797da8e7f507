// int4 rows, expanded to bytes, in the tile unit.
#define LILLIPUT_TARGET amx
#include "kernels/i4/nibbles.h"
#include "kernels/i8/amx_tile.h"
#include "kernels/tables.h"

namespace lilliput::amx {
namespace {

void load(Panel& panel, std::byte* memory) {
  const Codes& codes = *panel.codes;
  panel.stride = size_t{byte_steps(codes.dim)} * 64;
  panel.rows = memory;
  for (uint32_t r = 0; r < panel.n; ++r, memory += panel.stride) {
    __builtin_memset(memory + codes.dim, 0, panel.stride - codes.dim);
    expand_nibbles(codes.rows + size_t{r} * codes.row_bytes, codes.dim, memory);
  }
}

}  // namespace

constinit const Tile i4 = {4,    byte_group_bytes, byte_pack<127>, byte_rows_bytes,
                           load, byte_dense,       byte_fused};

}  // namespace lilliput::amx
