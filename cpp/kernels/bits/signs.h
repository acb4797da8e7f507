// Rows of +-1, eight to a byte, and queries of 15 levels: dot = 2 * (sum of the query where a bit is set) -
// its sum.
#pragma once

#include "kernels/bits/factors.h"
#include "kernels/exact.h"
#include "kernels/rows.h"

namespace lilliput::LILLIPUT_TARGET {
namespace {

constexpr float kBitLevels = 7.0f;

inline size_t bit_bytes(uint32_t dim) { return (size_t{dim} + 7) / 8; }

// Eight elements of a query from `first` on, zeros past the end.
inline void round_eight(const float* query, uint32_t dim, uint32_t first, float inverse, int8_t (&out)[8]) {
  float x[8] = {};
  __builtin_memcpy(x, query + first, (dim - first < 8 ? dim - first : 8) * sizeof(float));
  round_each(x, 8, inverse, out);
}

inline void encode_bits(uint32_t dim, uint64_t n, const float* x, std::byte* rows, float* alpha,
                        float* beta) {
  sign_factors(dim, n, x, alpha, beta);
  for (uint64_t i = 0; i < n; ++i, x += dim) {
    for (uint32_t j = 0; j < dim; j += 8, ++rows) {
      uint32_t byte = 0;
      for (uint32_t b = 0; b < 8 && j + b < dim; ++b) byte |= static_cast<uint32_t>(x[j + b] > 0.0f) << b;
      *rows = static_cast<std::byte>(byte);
    }
  }
}

}  // namespace
}  // namespace lilliput::LILLIPUT_TARGET
