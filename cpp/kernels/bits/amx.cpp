// Sign bits, expanded to bytes, in the tile unit.
#include "kernels/bits/expand512.h"
#include "kernels/i8/amx_tile.h"
#include "kernels/tables.h"

namespace lilliput::amx {
namespace {

size_t panel_bytes(uint32_t dim, uint32_t n) {
  return size_t{(n + kSide - 1) / kSide * kSide} * byte_steps(dim) * 64;
}

void load(Panel& panel, std::byte* memory) {
  panel.stride = size_t{byte_steps(panel.codes->dim)} * 64;
  panel.rows = memory;
  avx512::expand_bits(*panel.codes, panel.n, panel.stride, memory);
}

}  // namespace

constinit const Tile bits = {4, byte_group_bytes, byte_pack<7>, panel_bytes, load, byte_dense, byte_fused};

}  // namespace lilliput::amx
