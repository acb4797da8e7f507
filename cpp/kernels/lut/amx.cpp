// Rows of word numbers, as the int8 numbers that they stand for, in the tile unit.
#define LILLIPUT_TARGET amx
#include "kernels/i8/amx_tile.h"
#include "kernels/lut/decode.h"
#include "kernels/tables.h"

namespace lilliput::amx {
namespace {

size_t panel_bytes(uint32_t dim, uint32_t n) { return decoded_bytes(byte_rows_bytes(dim, n), n); }

template <uint32_t Bits>
void load(Panel& panel, std::byte* memory) {
  const uint32_t dim = panel.codes->dim;
  decode_panel<Bits>(panel, size_t{byte_steps(dim)} * 64, byte_rows_bytes(dim, panel.n), memory);
}

}  // namespace

constinit const Tile lut4 = {40,      byte_group_bytes, byte_pack<127>, panel_bytes,
                             load<4>, byte_dense,       byte_fused};
constinit const Tile lut8 = {14,      byte_group_bytes, byte_pack<127>, panel_bytes,
                             load<8>, byte_dense,       byte_fused};

}  // namespace lilliput::amx
