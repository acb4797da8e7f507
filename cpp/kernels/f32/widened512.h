// Rows of small floats: one query widens them on the way in, a tile widens a panel once for all its queries.
#pragma once

#include "kernels/f32/floats512.h"
#include "kernels/f32/fma_tile.h"

namespace lilliput::avx512 {
namespace {

inline size_t widened_panel_bytes(uint32_t dim, uint32_t n) { return size_t{n} * dim * sizeof(float); }

template <class Row>
void widen_panel(Panel& panel, std::byte* memory) {
  const uint32_t dim = panel.codes->dim;
  const __m512 unit = _mm512_set1_ps(Row::kUnit);
  for (uint32_t r = 0; r < panel.n; ++r) {
    const std::byte* row = panel.codes->rows + size_t{r} * panel.codes->row_bytes;
    float* out = reinterpret_cast<float*>(memory) + size_t{r} * dim;
    for (uint32_t i = 0; i < dim; i += 16) {
      const __mmask16 mask = lanes(dim - i);
      _mm512_mask_storeu_ps(out + i, mask, _mm512_mul_ps(Row::load(row, i, mask), unit));
    }
  }
  panel.rows = memory;
  panel.stride = size_t{dim} * sizeof(float);
}

template <class Row>
constexpr Tile kWidenedTile = {4,         fma_group_bytes, fma_pack, widened_panel_bytes, widen_panel<Row>,
                               fma_dense, fma_fused};

template <class Row>
constexpr Kernels widened(decltype(Kernels::encode) encode) {
  return {float_query_bytes, float_prepare, float_block<Row>, float_gather<Row>, encode, &kWidenedTile<Row>};
}

}  // namespace
}  // namespace lilliput::avx512
