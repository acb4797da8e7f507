// Many queries against rows of int8, widened to int16 once for all of them.
#pragma once

#include "kernels/avx2.h"
#include "kernels/exact.h"
#include "kernels/i8/digits.h"
#include "kernels/rows.h"
#include "kernels/tile_avx2.h"

namespace lilliput::avx2 {
namespace {

inline uint32_t shorts_steps(uint32_t dim) { return (dim + 1) / 2; }

inline size_t shorts_group_bytes(uint32_t dim) { return group_bytes(shorts_steps(dim)); }

template <uint32_t Digits = 1>
inline void shorts_pack(uint32_t dim, const float* queries, const float* bias, uint32_t n, std::byte* group) {
  __builtin_memset(group, 0, shorts_group_bytes(dim));
  Group& g = *reinterpret_cast<Group*>(group);
  const float levels = static_cast<float>(kLevels << bits_below<Digits>(dim));
  for (uint32_t q = 0; q < n; ++q) {
    const float* query = queries + size_t{q} * dim;
    const Grid grid(query, dim, levels);
    g.scale[q] = grid.step;
    g.bias[q] = bias[q];
    for (uint32_t i = 0; i < dim; i += 2) {
      int16_t pair[2] = {};
      round_each(query + i, dim - i < 2 ? 1 : 2, grid.inverse, pair);
      g.sum[q] += pair[0] + pair[1];
      __builtin_memcpy(step_of(group, shorts_steps(dim), q, i / 2), pair, sizeof pair);
    }
  }
}

inline size_t shorts_stride(uint32_t dim) { return padded(size_t{dim} * 2); }

inline size_t shorts_panel_bytes(uint32_t dim, uint32_t n) { return shorts_stride(dim) * n; }

inline void shorts_begin(Panel& panel, std::byte* memory) {
  panel.rows = memory;
  panel.stride = shorts_stride(panel.codes->dim);
  panel.norm = nullptr;
  panel.slack = 0.0f;
}

inline void widen_row(const std::byte* row, uint32_t dim, std::byte* to) {
  __m256i* out = reinterpret_cast<__m256i*>(to);
  for (uint32_t i = 0; i < dim; i += 16, ++out) {
    const uint32_t count = dim - i < 16 ? dim - i : 16;
    _mm256_storeu_si256(out, _mm256_cvtepi8_epi16(load_up_to_16(row + i, count, i + count >= 16)));
  }
}

inline void shorts_dense(const Panel& panel, const std::byte* group, uint32_t n_queries, float* out) {
  tile_dense<MultiplyShorts>(panel, group, shorts_steps(panel.codes->dim), n_queries, out);
}

}  // namespace
}  // namespace lilliput::avx2
