// A query of integer rows, padded with zeros: a byte a number, or two. Sums of products with bytes fit int32
// up to 132,000 dimensions.
#pragma once

#include "kernels/exact.h"
#include "kernels/i8/digits.h"
#include "kernels/rows.h"

namespace lilliput::LILLIPUT_TARGET {
namespace {

template <class Integer>
inline void integers_prepare(uint32_t dim, const float* query, int32_t levels, float bias, std::byte* out) {
  const Grid grid(query, dim, static_cast<float>(levels));
  Integer* codes = reinterpret_cast<Integer*>(out + kQueryHead);
  __builtin_memset(codes, 0, padded(dim * sizeof(Integer)));
  round_each(query, dim, grid.inverse, codes);
  write_head(out, grid.step, bias, sum_of(codes, dim));
}

inline size_t i8_query_bytes(const Codes& of) { return kQueryHead + padded(of.dim); }

inline void i8_prepare(const Codes& of, const float* query, float bias, std::byte* out) {
  integers_prepare<int8_t>(of.dim, query, kLevels, bias, out);
}

// The numbers of two digits whole.
inline size_t shorts_query_bytes(const Codes& of) { return kQueryHead + padded(size_t{of.dim} * 2); }

inline void shorts_prepare(const Codes& of, const float* query, float bias, std::byte* out) {
  integers_prepare<int16_t>(of.dim, query, kLevels << low_bits(of.dim), bias, out);
}

}  // namespace
}  // namespace lilliput::LILLIPUT_TARGET
