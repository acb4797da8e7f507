// Byte products in the tile unit.
#include "kernels/amx.h"

#include "kernels/roofline/tables.h"

namespace lilliput::amx {
namespace {

constexpr uint64_t kProducts = 4 * 16 * 16 * 64;  // of one multiply_all: four pairs of tiles

uint64_t multiply(uint64_t rounds) {
  const Tiles tiles;
  _tile_zero(4);
  _tile_zero(5);
  _tile_zero(6);
  _tile_zero(7);
  for (uint64_t r = 0; r < rounds; ++r) multiply_all<true>();
  return rounds * kProducts;
}

}  // namespace

constinit const Roofline roofline = {nullptr, multiply};

}  // namespace lilliput::amx
