// float32 rows with AVX-512.
#include "kernels/f32/floats512.h"
#include "kernels/f32/fma_tile.h"
#include "kernels/tables.h"

namespace lilliput::avx512 {
namespace {

void encode(uint32_t dim, uint64_t n, const float* x, std::byte* rows, float*, float* beta) {
  if (n == 0) return;  // memcpy wants pointers even for nothing
  __builtin_memcpy(rows, x, n * dim * sizeof(float));
  if (!beta) return;
  for (uint64_t i = 0; i < n; ++i) beta[i] = minus_norm2<F32Row>(rows + i * dim * sizeof(float), dim);
}

size_t panel_bytes(uint32_t, uint32_t) { return 0; }

constexpr Tile tile = {4, fma_group_bytes, fma_pack, panel_bytes, nullptr, fma_dense, fma_fused};

}  // namespace

constinit const Kernels f32 = {float_query_bytes,    float_prepare, float_block<F32Row>,
                               float_gather<F32Row>, encode,        &tile};

}  // namespace lilliput::avx512
