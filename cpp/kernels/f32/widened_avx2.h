// Rows of small floats: one query widens them on the way in, a tile widens a panel once for all its queries.
#pragma once

#include "kernels/f32/dot_avx2.h"
#include "kernels/f32/tile_avx2.h"

namespace lilliput::avx2 {
namespace {

inline size_t widened_stride(uint32_t dim) { return padded(size_t{dim} * sizeof(float)); }

inline size_t widened_panel_bytes(uint32_t dim, uint32_t n) { return widened_stride(dim) * n; }

template <class Row>
void widen_panel(Panel& panel, std::byte* memory) {
  const uint32_t dim = panel.codes->dim;
  const __m256 unit = _mm256_set1_ps(Row::kUnit);
  const std::byte* row = panel.codes->rows;
  panel.rows = memory;
  panel.stride = widened_stride(dim);
  panel.norm = nullptr;
  panel.slack = 0.0f;
  for (uint32_t r = 0; r < panel.n; ++r, row += panel.codes->row_bytes, memory += panel.stride) {
    float* out = reinterpret_cast<float*>(memory);
    uint32_t i = 0;
    for (; i + 8 <= dim; i += 8) _mm256_storeu_ps(out + i, _mm256_mul_ps(Row::load(row, i), unit));
    if (i < dim) _mm256_storeu_ps(out + i, _mm256_mul_ps(Row::tail(row, i, dim - i), unit));
  }
}

template <class Row>
constexpr Tile kWidenedTile = {
    .least_queries = 12,
    .group_bytes = float_group_bytes,
    .pack = float_pack,
    .panel_bytes = widened_panel_bytes,
    .load = widen_panel<Row>,
    .dense = float_dense,
    .fused = nullptr,
};

template <class Row>
constexpr Kernels widened(decltype(Kernels::encode) encode) {
  return {
      .query_bytes = float_query_bytes,
      .prepare = float_prepare,
      .block = block<FloatDot<Row>>,
      .gather = gather<FloatDot<Row>>,
      .encode = encode,
      .tile = &kWidenedTile<Row>,
  };
}

}  // namespace
}  // namespace lilliput::avx2
