// How finely queries of integer rows are rounded. Those of one digit are signed bytes. Those of two are
// high * 2^low_bits + low, and their digits are signed bytes: what rounds less than the rows themselves.
#pragma once

#include <cstdint>

namespace lilliput {
namespace {

constexpr int32_t kLevels = 127;  // of the highest digit, on either side of zero

// Of the low digit: as many as leave the sum of `dim` products with any signed bytes within int32.
constexpr uint32_t low_bits(uint32_t dim) {
  uint32_t bits = 7;
  while (bits > 0 && int64_t{128} * (kLevels << bits) * dim > INT32_MAX) --bits;
  return bits;
}

template <uint32_t Digits>
constexpr uint32_t bits_below(uint32_t dim) {
  return Digits == 1 ? 0 : low_bits(dim);
}

static_assert(low_bits(1032) == 7 && low_bits(1033) == 6 && low_bits(70'000) == 0);

}  // namespace
}  // namespace lilliput
