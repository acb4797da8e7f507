// int4 rows. One query: vpmaddubsw takes nibbles as unsigned, so 8 times the query's sum is taken off again;
// what 32 bytes add to a pair, at most 4 * 15 * 127, fits int16. Tiles: rows are widened to int16 once for
// all queries.
#define LILLIPUT_TARGET avx2
#include "kernels/i4/nibbles.h"
#include "kernels/i8/shorts_avx2.h"
#include "kernels/rows.h"
#include "kernels/tables.h"

namespace lilliput::avx2 {
namespace {

class Dot {
 public:
  Dot(const Codes& codes, const std::byte* query)
      : bytes_(nibble_bytes(codes.dim)), sum_(head(query).sum), query_(query + kQueryHead) {}

  float one(const std::byte* row) const {
    const __m256i zero = _mm256_setzero_si256();
    return static_cast<float>(_mm_cvtsi128_si32(sum_four(sums(row), zero, zero, zero)) - 8 * sum_);
  }

  void four(const std::byte* const (&rows)[4], float* out) const {
    const __m128i total = sum_four(sums(rows[0]), sums(rows[1]), sums(rows[2]), sums(rows[3]));
    _mm_storeu_ps(out, _mm_cvtepi32_ps(_mm_sub_epi32(total, _mm_set1_epi32(8 * sum_))));
  }

 private:
  static __m256i step(__m256i x, const std::byte* q, __m256i sum) {
    const __m256i nibble = _mm256_set1_epi8(15);
    const __m256i low = _mm256_maddubs_epi16(_mm256_and_si256(x, nibble), load_bytes(q));
    const __m256i high =
        _mm256_maddubs_epi16(_mm256_and_si256(_mm256_srli_epi16(x, 4), nibble), load_bytes(q + kHalf));
    const __m256i both = _mm256_madd_epi16(_mm256_add_epi16(low, high), _mm256_set1_epi16(1));
    return _mm256_add_epi32(sum, both);
  }

  // Byte b of a row goes with the query's number b within its run.
  const std::byte* beside(uint32_t b) const { return query_ + b / kHalf * kRun + b % kHalf; }

  __m256i sums(const std::byte* row) const {
    __m256i sum = _mm256_setzero_si256();
    uint32_t b = 0;
    for (; b + 32 <= bytes_; b += 32) sum = step(load_bytes(row + b), beside(b), sum);
    if (b < bytes_) sum = step(load_tail(row, b, bytes_ - b), beside(b), sum);
    return sum;
  }

  uint32_t bytes_;
  int32_t sum_;
  const std::byte* query_;
};

// One row at a time is a row of int8 first, behind the panel.
size_t panel_bytes(uint32_t dim, uint32_t n) { return shorts_panel_bytes(dim, n) + padded(dim); }

void load(Panel& panel, std::byte* memory) {
  const uint32_t dim = panel.codes->dim;
  const std::byte* row = panel.codes->rows;
  std::byte* bytes = memory + shorts_panel_bytes(dim, panel.n);
  shorts_begin(panel, memory);
  for (uint32_t r = 0; r < panel.n; ++r, row += panel.codes->row_bytes) {
    expand_nibbles(row, dim, bytes);
    widen_row(bytes, dim, memory + r * panel.stride);
  }
}

constexpr Tile kTile = {
    .least_queries = 16,
    .group_bytes = shorts_group_bytes,
    .pack = shorts_pack,
    .panel_bytes = panel_bytes,
    .load = load,
    .dense = shorts_dense,
    .fused = nullptr,
};

}  // namespace

constinit const Kernels i4 = {
    .query_bytes = i4_query_bytes,
    .prepare = i4_prepare,
    .block = block<Dot>,
    .gather = gather<Dot>,
    .encode = encode_i4,
    .tile = &kTile,
};

}  // namespace lilliput::avx2
