// A query of integer rows, whose 255 levels are signed bytes, padded with zeros to whole lines.
#pragma once

#include "kernels/i8/quantise512.h"

namespace lilliput::avx512 {
namespace {

inline size_t i8_query_bytes(const Codes& of) { return kQueryHead + (size_t{of.dim} + 63) / 64 * 64; }

inline void i8_prepare(const Codes& of, const float* query, float bias, std::byte* out) {
  __builtin_memset(out, 0, i8_query_bytes(of));
  const Quantised grid = quantise(query, of.dim, 127, reinterpret_cast<int8_t*>(out + kQueryHead));
  *reinterpret_cast<QueryHead*>(out) = {grid.scale, bias, grid.sum};
}

}  // namespace
}  // namespace lilliput::avx512
