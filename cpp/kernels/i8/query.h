// A query of int8 rows: 255 levels, padded with zeros. Sums of products fit int32 up to 132,000 dimensions.
#pragma once

#include "kernels/exact.h"
#include "kernels/rows.h"

namespace lilliput::LILLIPUT_TARGET {
namespace {

inline size_t i8_query_bytes(const Codes& of) { return kQueryHead + padded(of.dim); }

inline void i8_prepare(const Codes& of, const float* query, float bias, std::byte* out) {
  const uint32_t dim = of.dim;
  const Grid grid(query, dim, 127.0f);
  int8_t* codes = reinterpret_cast<int8_t*>(out + kQueryHead);
  __builtin_memset(codes, 0, padded(dim));
  round_to_bytes(query, dim, grid.inverse, codes);
  write_head(out, grid.step, bias, sum_of(codes, dim));
}

}  // namespace
}  // namespace lilliput::LILLIPUT_TARGET
