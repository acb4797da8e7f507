// Planes, expanded to bytes, in the tile unit.
#define LILLIPUT_TARGET amx
#include "kernels/i8/amx_tile.h"
#include "kernels/planes/expand512.h"
#include "kernels/tables.h"

namespace lilliput::amx {
namespace {

template <uint32_t Bits>
void load(Panel& panel, std::byte* memory) {
  panel.stride = size_t{byte_steps(panel.codes->dim)} * 64;
  panel.rows = memory;
  avx512::expand_rows<Bits>(*panel.codes, panel.n, panel.stride, memory);
  if constexpr (Bits == 8) byte_measure(panel, memory);
}

template <uint32_t Bits, uint32_t Digits = Bits < 8 ? 1 : 2>
constexpr Tile kTile = {.least_queries = 4,
                        .group_bytes = byte_group_bytes<Digits>,
                        .pack = byte_pack<127, Digits>,
                        .panel_bytes = Digits == 1 ? byte_rows_bytes : measured_rows_bytes,
                        .load = load<Bits>,
                        .dense = byte_dense<Digits>,
                        .fused = byte_fused<Digits>};

}  // namespace

constinit const Tile b2 = kTile<2>;
constinit const Tile b3 = kTile<3>;
constinit const Tile b4 = kTile<4>;
constinit const Tile b5 = kTile<5>;
constinit const Tile b6 = kTile<6>;
constinit const Tile b7 = kTile<7>;
constinit const Tile b8 = kTile<8>;

}  // namespace lilliput::amx
