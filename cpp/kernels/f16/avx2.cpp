// f16 rows, widened by F16C; a tile widens a panel once for all its queries.
#define LILLIPUT_TARGET avx2
#include "kernels/exact.h"
#include "kernels/f32/dot_avx2.h"
#include "kernels/f32/tile_avx2.h"
#include "kernels/half.h"
#include "kernels/rows.h"
#include "kernels/tables.h"

namespace lilliput::avx2 {
namespace {

struct HardwareHalf {
  static void widen16(const uint16_t* in, float* out) {
    for (int i = 0; i < kLanes; i += 8)
      _mm256_storeu_ps(out + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in + i))));
  }
  static void narrow16(const float* in, uint16_t* out) {
    for (int i = 0; i < kLanes; i += 8)
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i),
                       _mm256_cvtps_ph(_mm256_loadu_ps(in + i), _MM_FROUND_TO_NEAREST_INT));
  }
};

size_t row_stride(uint32_t dim) { return padded(size_t{dim} * sizeof(float)); }

size_t panel_bytes(uint32_t dim, uint32_t n) { return row_stride(dim) * n; }

void load(Panel& panel, std::byte* memory) {
  const uint32_t dim = panel.codes->dim;
  const std::byte* row = panel.codes->rows;
  panel.rows = memory;
  panel.stride = row_stride(dim);
  panel.norm = nullptr;
  panel.slack = 0.0f;
  for (uint32_t r = 0; r < panel.n; ++r, row += panel.codes->row_bytes, memory += panel.stride) {
    float* out = reinterpret_cast<float*>(memory);
    uint32_t i = 0;
    for (; i + 8 <= dim; i += 8) _mm256_storeu_ps(out + i, F16Row::load(row, i));
    if (i < dim) _mm256_storeu_ps(out + i, F16Row::tail(row, i, dim - i));
  }
}

constexpr Tile kTile = {
    .least_queries = 12,
    .group_bytes = float_group_bytes,
    .pack = float_pack,
    .panel_bytes = panel_bytes,
    .load = load,
    .dense = float_dense,
    .fused = nullptr,
};

}  // namespace

constinit const Kernels f16 = {
    .query_bytes = float_query_bytes,
    .prepare = float_prepare,
    .block = block<FloatDot<F16Row>>,
    .gather = gather<FloatDot<F16Row>>,
    .encode = encode_f16<HardwareHalf>,
    .tile = &kTile,
};

}  // namespace lilliput::avx2
