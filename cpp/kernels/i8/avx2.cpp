// int8 rows. One query: |x| times the query under the sign of x, so that vpmaddubsw may take x as unsigned;
// its pairs reach 2 * 128 * 127 and fit int16 whatever the bytes are. Tiles: rows are widened to int16 once
// for all queries.
#define LILLIPUT_TARGET avx2
#include "kernels/avx2.h"

#include "kernels/exact.h"
#include "kernels/i8/query.h"
#include "kernels/i8/shorts_avx2.h"
#include "kernels/rows.h"
#include "kernels/tables.h"

namespace lilliput::avx2 {
namespace {

inline __m256i step(__m256i x, __m256i q, __m256i sum) {
  const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(x), _mm256_sign_epi8(q, x));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

class Dot {
 public:
  Dot(const Codes& codes, const std::byte* query) : dim_(codes.dim), query_(query + kQueryHead) {}

  float one(const std::byte* row) const {
    __m256i sum[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    uint32_t i = 0;
    for (; i + 64 <= dim_; i += 64)
      for (uint32_t s = 0; s < 2; ++s)
        sum[s] = step(load_bytes(row + i + 32 * s), load_bytes(query_ + i + 32 * s), sum[s]);
    if (i + 32 <= dim_) {
      sum[0] = step(load_bytes(row + i), load_bytes(query_ + i), sum[0]);
      i += 32;
    }
    if (i < dim_) sum[1] = step(load_tail(row, i, dim_ - i), load_bytes(query_ + i), sum[1]);
    const __m256i zero = _mm256_setzero_si256();
    const __m128i parts = sum_four(sum[0], sum[1], zero, zero);
    return static_cast<float>(_mm_cvtsi128_si32(parts) + _mm_extract_epi32(parts, 1));
  }

  void four(const std::byte* const (&rows)[4], float* out) const {
    const __m256i zero = _mm256_setzero_si256();
    __m256i sum[4] = {zero, zero, zero, zero};
    uint32_t i = 0;
    for (; i + 32 <= dim_; i += 32) {
      const __m256i q = load_bytes(query_ + i);
      for (int r = 0; r < 4; ++r) sum[r] = step(load_bytes(rows[r] + i), q, sum[r]);
    }
    if (i < dim_) {
      const __m256i q = load_bytes(query_ + i);
      for (int r = 0; r < 4; ++r) sum[r] = step(load_tail(rows[r], i, dim_ - i), q, sum[r]);
    }
    _mm_storeu_ps(out, _mm_cvtepi32_ps(sum_four(sum[0], sum[1], sum[2], sum[3])));
  }

 private:
  uint32_t dim_;
  const std::byte* query_;
};

void load(Panel& panel, std::byte* memory) {
  const std::byte* row = panel.codes->rows;
  shorts_begin(panel, memory);
  for (uint32_t r = 0; r < panel.n; ++r, row += panel.codes->row_bytes)
    widen_row(row, panel.codes->dim, memory + r * panel.stride);
}

constexpr Tile kTile = {
    .least_queries = 16,
    .group_bytes = shorts_group_bytes,
    .pack = shorts_pack,
    .panel_bytes = shorts_panel_bytes,
    .load = load,
    .dense = shorts_dense,
    .fused = nullptr,
};

}  // namespace

constinit const Kernels i8 = {
    .query_bytes = i8_query_bytes,
    .prepare = i8_prepare,
    .block = block<Dot>,
    .gather = gather<Dot>,
    .encode = encode_i8,
    .tile = &kTile,
};

}  // namespace lilliput::avx2
