// IEEE half rows with AVX-512: converted to float on the way in.
#include "kernels/collect512.h"
#include "kernels/f32/floats512.h"
#include "kernels/f32/fma_tile.h"
#include "kernels/tables.h"

namespace lilliput::avx512 {
namespace {

void encode(uint32_t dim, uint64_t n, const float* x, std::byte* rows, float*, float* beta) {
  for (uint64_t r = 0; r < n; ++r) {
    std::byte* row = rows + r * dim * 2;
    for (uint32_t i = 0; i < dim; i += 16) {
      const __mmask16 mask =
          dim - i < 16 ? static_cast<__mmask16>((1u << (dim - i)) - 1) : static_cast<__mmask16>(0xffff);
      const __m512 v = _mm512_maskz_loadu_ps(mask, x + r * dim + i);
      _mm256_mask_storeu_epi16(row + 2 * size_t{i}, mask, _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
    }
    if (beta) beta[r] = minus_norm2<F16Row>(row, dim);
  }
}

size_t panel_bytes(uint32_t dim, uint32_t n) { return size_t{n} * dim * sizeof(float); }

void load(Panel& panel, std::byte* memory) {
  const uint32_t dim = panel.codes->dim;
  for (uint32_t r = 0; r < panel.n; ++r) {
    const std::byte* row = panel.codes->rows + size_t{r} * panel.codes->row_bytes;
    float* out = reinterpret_cast<float*>(memory) + size_t{r} * dim;
    for (uint32_t i = 0; i < dim; i += 16) {
      const __mmask16 mask =
          dim - i < 16 ? static_cast<__mmask16>((1u << (dim - i)) - 1) : static_cast<__mmask16>(0xffff);
      _mm512_mask_storeu_ps(out + i, mask, F16Row::load(row, i, mask));
    }
  }
  panel.rows = memory;
  panel.stride = size_t{dim} * sizeof(float);
}

void dense(const Panel& panel, const std::byte* group, uint32_t n_queries, float* out) {
  const WriteOut take{out};
  fma_tile(panel, group, n_queries, take);
}

void fused(const Panel& panel, const std::byte* group, uint32_t n_queries, Sink& sink) {
  const PushHits take{panel, sink, n_queries};
  fma_tile(panel, group, n_queries, take);
}

constexpr Tile tile = {4, fma_group_bytes, fma_pack, panel_bytes, load, dense, fused};

}  // namespace

constinit const Kernels f16 = {float_query_bytes,    float_prepare, float_block<F16Row>,
                               float_gather<F16Row>, encode,        &tile};

}  // namespace lilliput::avx512
