// The dot product of float rows of any width, four rows at a time; the tail ends where the row ends.
#pragma once

#include "kernels/avx2.h"
#include "kernels/rows.h"

namespace lilliput::avx2 {
namespace {

// A Row loads 8 numbers as floats, kUnit of which make one.
struct F32Row {
  static constexpr float kUnit = 1.0f;
  static __m256 load(const std::byte* row, uint32_t i) { return load_floats(row + size_t{i} * 4); }
  static __m256 tail(const std::byte* row, uint32_t i, uint32_t count) {
    return _mm256_castsi256_ps(load_tail(row, size_t{i} * 4, 4 * count));
  }
};

struct F16Row {
  static constexpr float kUnit = 1.0f;
  static __m256 load(const std::byte* row, uint32_t i) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row + size_t{i} * 2)));
  }
  static __m256 tail(const std::byte* row, uint32_t i, uint32_t count) {
    return _mm256_cvtph_ps(load_up_to_16(row + size_t{i} * 2, 2 * count, i + count >= 8));
  }
};

struct BF16Row {
  static constexpr float kUnit = 1.0f;
  static __m256 load(const std::byte* row, uint32_t i) {
    return widen(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row + size_t{i} * 2)));
  }
  static __m256 tail(const std::byte* row, uint32_t i, uint32_t count) {
    return widen(load_up_to_16(row + size_t{i} * 2, 2 * count, i + count >= 8));
  }
  static __m256 widen(__m128i x) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(x), 16));
  }
};

// A byte that Half turns into an IEEE half.
template <class Half>
struct ByteRow {
  static constexpr float kUnit = Half::kUnit;
  static __m256 load(const std::byte* row, uint32_t i) {
    return _mm256_cvtph_ps(Half::of(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(row + i))));
  }
  static __m256 tail(const std::byte* row, uint32_t i, uint32_t count) {
    return _mm256_cvtph_ps(Half::of(load_up_to_16(row + i, count, i + count >= 16)));
  }
};

// The half's bias is larger by 8; bit 14 is a copy of the sign.
struct E4M3Half {
  static constexpr float kUnit = 256.0f;
  static __m128i of(__m128i x) {
    return _mm_andnot_si128(_mm_set1_epi16(0x4000), _mm_slli_epi16(_mm_cvtepi8_epi16(x), 7));
  }
};

struct E5M2Half {
  static constexpr float kUnit = 1.0f;
  static __m128i of(__m128i x) { return _mm_unpacklo_epi8(_mm_setzero_si128(), x); }
};

using E4M3Row = ByteRow<E4M3Half>;
using E5M2Row = ByteRow<E5M2Half>;

template <class Row>
class FloatDot {
 public:
  FloatDot(const Codes& codes, const std::byte* query)
      : dim_(codes.dim), query_(reinterpret_cast<const float*>(query + kQueryHead)) {}

  // Four sums hide the latency of the multiply-add.
  float one(const std::byte* row) const {
    __m256 sum[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
    uint32_t i = 0;
    for (; i + 32 <= dim_; i += 32)
      for (uint32_t s = 0; s < 4; ++s)
        sum[s] = _mm256_fmadd_ps(Row::load(row, i + 8 * s), load_floats(query_ + i + 8 * s), sum[s]);
    for (; i + 8 <= dim_; i += 8)
      sum[0] = _mm256_fmadd_ps(Row::load(row, i), load_floats(query_ + i), sum[0]);
    if (i < dim_) sum[1] = _mm256_fmadd_ps(Row::tail(row, i, dim_ - i), load_floats(query_ + i), sum[1]);
    const __m128 parts = sum_four(sum[0], sum[1], sum[2], sum[3]);
    const __m128 half = _mm_add_ps(parts, _mm_movehl_ps(parts, parts));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half))) * Row::kUnit;
  }

  void four(const std::byte* const (&rows)[4], float* out) const {
    __m256 sum[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
    uint32_t i = 0;
    for (; i + 8 <= dim_; i += 8) {
      const __m256 q = load_floats(query_ + i);
      for (int r = 0; r < 4; ++r) sum[r] = _mm256_fmadd_ps(Row::load(rows[r], i), q, sum[r]);
    }
    if (i < dim_) {
      const __m256 q = load_floats(query_ + i);
      for (int r = 0; r < 4; ++r) sum[r] = _mm256_fmadd_ps(Row::tail(rows[r], i, dim_ - i), q, sum[r]);
    }
    const __m128 sums = sum_four(sum[0], sum[1], sum[2], sum[3]);
    _mm_storeu_ps(out, _mm_mul_ps(sums, _mm_set1_ps(Row::kUnit)));
  }

 private:
  uint32_t dim_;
  const float* query_;
};

}  // namespace
}  // namespace lilliput::avx2
