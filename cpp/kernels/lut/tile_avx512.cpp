// Many queries against rows of word numbers: VNNI on the int8 numbers that they stand for.
#define LILLIPUT_TARGET avx512
#include "kernels/i8/vnni_tile.h"
#include "kernels/lut/decode.h"
#include "kernels/lut/tiles.h"

namespace lilliput::avx512 {
namespace {

size_t rows_bytes(uint32_t dim, uint32_t n) { return size_t{n} * padded(dim); }

size_t panel_bytes(uint32_t dim, uint32_t n) {
  return decoded_bytes(rows_bytes(dim, n), n) + size_t{n} * sizeof(float);
}

template <uint32_t Bits>
void load(Panel& panel, std::byte* memory) {
  const uint32_t dim = panel.codes->dim;
  const size_t bytes = rows_bytes(dim, panel.n);
  decode_panel<Bits>(panel, padded(dim), bytes, memory);
  vnni_sum(panel, reinterpret_cast<float*>(memory + decoded_bytes(bytes, panel.n)));
}

}  // namespace

constinit const Tile lut4_tile = {56,      vnni_group_bytes, vnni_pack<127>, panel_bytes,
                                  load<4>, vnni_dense,       vnni_fused};
constinit const Tile lut8_tile = {20,      vnni_group_bytes, vnni_pack<127>, panel_bytes,
                                  load<8>, vnni_dense,       vnni_fused};

}  // namespace lilliput::avx512
