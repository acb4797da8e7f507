// IEEE half rows with AVX-512: converted to float on the way in.
#include "kernels/f32/widened512.h"
#include "kernels/tables.h"

namespace lilliput::avx512 {
namespace {

void encode(uint32_t dim, uint64_t n, const float* x, std::byte* rows, float*, float* beta) {
  for (uint64_t r = 0; r < n; ++r) {
    std::byte* row = rows + r * dim * 2;
    for (uint32_t i = 0; i < dim; i += 16) {
      const __mmask16 mask = lanes(dim - i);
      const __m512 v = _mm512_maskz_loadu_ps(mask, x + r * dim + i);
      _mm256_mask_storeu_epi16(row + 2 * size_t{i}, mask, _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
    }
    if (beta) beta[r] = minus_norm2<F16Row>(row, dim);
  }
}

}  // namespace

constinit const Kernels f16 = widened<F16Row>(encode);

}  // namespace lilliput::avx512
