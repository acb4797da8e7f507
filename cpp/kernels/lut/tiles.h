// Tiles of rows of word numbers, for the tables of their instruction set.
#pragma once

#include "lilliput/codes.h"

namespace lilliput::avx512 {
extern const Tile lut4_tile, lut8_tile;
}
