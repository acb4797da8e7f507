// Byte products in the tile unit.
#include "kernels/amx.h"

#include "kernels/roofline/tables.h"

namespace lilliput::amx {
namespace {

constexpr uint64_t kProducts = 4 * 16 * 16 * 64;  // of one multiply_all: four pairs of tiles

// In memory that nobody writes: the compiler believes that loading a configuration reads its first word
// alone, and drops writes to the rest.
constexpr TileConfig kConfig;

uint64_t multiply(uint64_t rounds) {
  _tile_loadconfig(&kConfig);
  _tile_zero(4);
  _tile_zero(5);
  _tile_zero(6);
  _tile_zero(7);
  for (uint64_t r = 0; r < rounds; ++r) multiply_all<true>();
  _tile_release();
  return rounds * kProducts;
}

}  // namespace

constinit const Roofline roofline = {nullptr, multiply};

}  // namespace lilliput::amx
