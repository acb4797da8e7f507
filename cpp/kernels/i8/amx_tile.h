// Signed byte rows against 64 byte queries in the tile unit. Of queries of two digits the high ones suffice
// to pass most rows over: what the low ones add is at most the product of two lengths.
#pragma once

#include "kernels/amx.h"
#include "kernels/collect512.h"
#include "kernels/i8/quantise512.h"

namespace lilliput::amx {
namespace {

using avx512::push;

inline uint32_t byte_steps(uint32_t dim) { return (dim + 63) / 64; }

constexpr float kOnTop = 1 + 0x1p-16f;  // of lengths, for their own rounding and that of what they bound

// A group: scale[64], bias[64], total[64] (scale times the sum of the query's numbers), of two digits the
// length of the low ones [64] in units of the high, then for each 32 queries
// [digit][step][2 tiles][16 rows][16 queries][4 bytes].
template <uint32_t Digits>
constexpr size_t kFactors = (2 + Digits) * kGroup * sizeof(float);

template <uint32_t Digits = 1>
inline size_t byte_group_bytes(uint32_t dim) {
  return kFactors<Digits> + Digits * size_t{byte_steps(dim)} * 64 * (kGroup + 1);
}

template <uint32_t Digits>
inline const std::byte* byte_queries(const std::byte* group, uint32_t dim, uint32_t half) {
  return group + kFactors<Digits> + size_t{half} * Digits * byte_steps(dim) * 2048;
}

template <int Levels, uint32_t Digits = 1>
inline void byte_pack(uint32_t dim, const float* queries, const float* bias, uint32_t n, std::byte* group) {
  __builtin_memset(group, 0, byte_group_bytes<Digits>(dim));
  float* scale = reinterpret_cast<float*>(group);
  const uint32_t steps = Digits * byte_steps(dim);
  const size_t apart = size_t{byte_steps(dim)} * 64;
  int8_t* row = reinterpret_cast<int8_t*>(group + byte_group_bytes<Digits>(dim) - Digits * apart);
  for (uint32_t j = 0; j < n; ++j) {
    const avx512::Quantised grid =
        avx512::quantise<Digits>(queries + size_t{j} * dim, dim, Levels, row, apart);
    scale[j] = grid.scale;
    scale[kGroup + j] = bias[j];
    scale[2 * kGroup + j] = grid.scale * static_cast<float>(grid.sum);
    if constexpr (Digits > 1) {
      int64_t squares = 0;
      for (uint32_t i = 0; i < dim; ++i) squares += int32_t{row[apart + i]} * row[apart + i];
      const float step = static_cast<float>(1 << bits_below<Digits>(dim));
      scale[3 * kGroup + j] = __builtin_sqrtf(static_cast<float>(squares)) / step * kOnTop;
    }
    std::byte* tile =
        group + kFactors<Digits> + size_t{j / 32} * steps * 2048 + j % 32 / 16 * 1024 + j % 16 * 4;
    for (uint32_t w = 0; w < 16 * steps; ++w)
      __builtin_memcpy(tile + w / 16 * 2048 + w % 16 * 64, row + 4 * w, 4);
  }
}

// Whole blocks of whole steps.
inline size_t byte_rows_bytes(uint32_t dim, uint32_t n) {
  return size_t{(n + kSide - 1) / kSide * kSide} * byte_steps(dim) * 64;
}

// Rows that are such blocks are multiplied as they lie; others are copied between zeros first.
inline size_t byte_panel_bytes(uint32_t dim, uint32_t n) {
  return dim % 64 == 0 && n % kSide == 0 ? 0 : byte_rows_bytes(dim, n);
}

// Rows that queries of two digits meet have their lengths behind them.
inline size_t measured_rows_bytes(uint32_t dim, uint32_t n) {
  return byte_rows_bytes(dim, n) + n * sizeof(float);
}

inline void byte_measure(Panel& panel, std::byte* memory) {
  float* norms = reinterpret_cast<float*>(memory + byte_rows_bytes(panel.codes->dim, panel.n));
  for (uint32_t r = 0; r < panel.n; ++r) {
    __m512i squares = _mm512_setzero_si512();
    for (size_t i = 0; i < panel.stride; i += 32) {
      const __m256i bytes =
          _mm256_load_si256(reinterpret_cast<const __m256i*>(panel.rows + r * panel.stride + i));
      const __m512i x = _mm512_cvtepi8_epi16(bytes);
      squares = _mm512_dpwssd_epi32(squares, x, x);
    }
    norms[r] = __builtin_sqrtf(_mm512_reduce_add_ps(_mm512_cvtepi32_ps(squares))) * kOnTop;
  }
  panel.norm = norms;
}

inline void byte_load(Panel& panel, std::byte* memory) {
  const uint32_t dim = panel.codes->dim;
  panel.stride = size_t{byte_steps(dim)} * 64;
  panel.rows = memory;
  for (uint32_t r = 0; r < panel.n; ++r)
    for (uint32_t i = 0; i < dim; i += 64) {
      const uint32_t left = dim - i;
      const __mmask64 mask = left < 64 ? (uint64_t{1} << left) - 1 : ~uint64_t{0};
      const __m512i x =
          _mm512_maskz_loadu_epi8(mask, panel.codes->rows + size_t{r} * panel.codes->row_bytes + i);
      _mm512_store_si512(memory + r * panel.stride + i, x);
    }
}

// What a row and sixteen queries multiply to, from the sums of a block.
template <uint32_t Digits>
inline __m512i byte_dots(const int32_t* sums, uint32_t row, uint32_t query, uint32_t low) {
  const int32_t* at = sums + row * kSide + query;
  const __m512i high = _mm512_load_si512(at);
  if constexpr (Digits == 1) return high;
  return _mm512_add_epi32(avx512::shifted(high, low), _mm512_load_si512(at + kSide * kSide));
}

constexpr uint32_t kManyHits = 24;  // in a block, from which on the low digits of all are multiplied

// Compares alpha * dot (+ shift * sum + beta / scale) with (threshold - bias) / scale: the scale drops out of
// the inner loop. The bar is lowered by more than the rounding of either side, and `push` decides with the
// one exact formula.
template <uint32_t Digits, bool Alpha, bool Beta, bool Shift>
class ByteCompare {
 public:
  ByteCompare(const Panel& panel, const std::byte* group, uint32_t first_query, uint32_t n_queries,
              Sink& sink)
      : panel_(panel),
        group_(group),
        sink_(sink),
        scale_(reinterpret_cast<const float*>(group) + first_query),
        bias_(scale_ + kGroup),
        total_(bias_ + kGroup),
        first_(first_query),
        n_(n_queries) {
    if constexpr (Beta) largest_beta_ = largest_of(panel.codes->beta);
    if constexpr (Shift) largest_shift_ = largest_of(panel.codes->shift);
    const float step = static_cast<float>(1 << low_);  // of high digits
    for (uint32_t j = 0; j < kSide; ++j) {
      inverse_[j] = scale_[j] > 0 ? 1 / (scale_[j] * step) : 0;
      sum_[j] = total_[j] * inverse_[j];
    }
    lower();
  }

  void begin(uint32_t block) {
    alphas_.begin(block, panel_.n);
    betas_.begin(block, panel_.n);
    shifts_.begin(block, panel_.n);
    norms_.begin(block, panel_.n);
    hits_ = 0;
  }

  void masks(const int32_t* sums, uint32_t row, uint16_t* out) const {
    for (uint32_t h = 0; h < 2; ++h) {
      __m512 score = _mm512_cvtepi32_ps(_mm512_load_si512(sums + row * kSide + 16 * h));
      if constexpr (Alpha) score = _mm512_mul_ps(score, alphas_[row]);
      if constexpr (Digits > 1) {
        __m512 norm = norms_[row];
        if constexpr (Alpha) norm = _mm512_abs_ps(_mm512_mul_ps(norm, alphas_[row]));
        score = _mm512_fmadd_ps(norm, _mm512_loadu_ps(total_ + kGroup + 16 * h), score);
      }
      if constexpr (Shift) score = _mm512_fmadd_ps(shifts_[row], _mm512_load_ps(sum_ + 16 * h), score);
      if constexpr (Beta) score = _mm512_fmadd_ps(betas_[row], _mm512_load_ps(inverse_ + 16 * h), score);
      out[h] = _mm512_cmp_ps_mask(score, _mm512_load_ps(bar_ + 16 * h), _CMP_NLT_UQ);
    }
  }

  // The low digits by one row and query, or, if a block has many hits, by all its rows and queries.
  int32_t low_dot(uint32_t block, uint32_t r, uint32_t j) {
    const std::byte* rows = panel_.rows + size_t{block} * kSide * panel_.stride;
    const uint32_t steps = byte_steps(panel_.codes->dim);
    const std::byte* queries =
        byte_queries<Digits>(group_, panel_.codes->dim, first_ / kSide) + size_t{steps} * 2048;
    ++hits_;
    if (hits_ == kManyHits)
      multiply_block<true>(rows, panel_.stride, queries, steps, low_sums_, [](uint32_t) {});
    if (hits_ >= kManyHits) return low_sums_[r * kSide + j];
    const std::byte *row = rows + r * panel_.stride, *query = queries + j / 16 * 1024 + j % 16 * 4;
    const __m512i places = _mm512_mullo_epi32(
        _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), _mm512_set1_epi32(16));
    __m512i sum = _mm512_setzero_si512();
    for (uint32_t s = 0; s < steps; ++s) {
      const __m512i x = _mm512_load_si512(row + 64 * size_t{s}),
                    q = _mm512_i32gather_epi32(places, query + 2048 * size_t{s}, 4);
      sum = _mm512_dpwssd_epi32(sum, _mm512_cvtepi8_epi16(_mm512_castsi512_si256(x)),
                                _mm512_cvtepi8_epi16(_mm512_castsi512_si256(q)));
      sum = _mm512_dpwssd_epi32(sum, _mm512_cvtepi8_epi16(_mm512_extracti64x4_epi64(x, 1)),
                                _mm512_cvtepi8_epi16(_mm512_extracti64x4_epi64(q, 1)));
    }
    return _mm512_reduce_add_epi32(sum);
  }

  bool hit(const int32_t* sums, uint32_t block, uint32_t r, uint32_t j) {
    const uint32_t row = block * kSide + r;
    if (row >= panel_.n || j >= n_) return false;
    int32_t dot = sums[r * kSide + j];
    if constexpr (Digits > 1) dot = (dot << low_) + low_dot(block, r, j);
    const float score = avx512::integer_score(dot, {scale_[j], total_[j], bias_[j]}, *panel_.codes, row);
    return push(sink_, first_ + j, panel_.numbers ? panel_.numbers[row] : panel_.first + row, score);
  }

  void lower() {
    const __m512 slack = _mm512_set1_ps(0x1p-19f), most = _mm512_set1_ps(largest_beta_);
    for (uint32_t h = 0; h < kSide; h += 16) {
      const __m512 threshold = _mm512_loadu_ps(sink_.threshold + first_ + h),
                   bias = _mm512_loadu_ps(bias_ + h);
      __m512 size = _mm512_add_ps(_mm512_add_ps(_mm512_abs_ps(threshold), _mm512_abs_ps(bias)), most);
      if constexpr (Shift)
        size = _mm512_add_ps(
            size, _mm512_mul_ps(_mm512_abs_ps(_mm512_loadu_ps(total_ + h)), _mm512_set1_ps(largest_shift_)));
      const __m512 bar = _mm512_sub_ps(_mm512_sub_ps(threshold, bias), _mm512_mul_ps(size, slack));
      const __mmask16 flat =
          _mm512_cmp_ps_mask(_mm512_load_ps(inverse_ + h), _mm512_setzero_ps(), _CMP_EQ_OQ);
      const __m512 scaled = _mm512_mul_ps(bar, _mm512_load_ps(inverse_ + h));
      const __m512 used = _mm512_mask_mov_ps(scaled, flat, _mm512_set1_ps(-__builtin_inff()));
      const __mmask16 absent = n_ <= h ? 0xffff : static_cast<__mmask16>(~avx512::first_lanes(n_ - h));
      _mm512_store_ps(bar_ + h, _mm512_mask_mov_ps(used, absent, _mm512_set1_ps(__builtin_inff())));
    }
  }

 private:
  float largest_of(const float* factors) const {
    float most = 0;
    for (uint32_t i = 0; i < panel_.n; ++i) {
      const float size = factors[i] < 0 ? -factors[i] : factors[i];
      if (size > most) most = size;
    }
    return most;
  }

  const Panel& panel_;
  const std::byte* group_;
  Sink& sink_;
  const float *scale_, *bias_, *total_;
  uint32_t first_, n_;
  const uint32_t low_ = bits_below<Digits>(panel_.codes->dim);
  Factors alphas_{panel_.codes->alpha}, betas_{panel_.codes->beta}, shifts_{panel_.codes->shift},
      norms_{Digits > 1 ? panel_.norm : nullptr};
  uint32_t hits_ = 0;
  alignas(64) int32_t low_sums_[Digits > 1 ? kSide * kSide : 16];
  float largest_beta_ = 0, largest_shift_ = 0;
  alignas(64) float inverse_[kSide];
  alignas(64) float sum_[kSide];
  alignas(64) float bar_[kSide];
};

template <uint32_t Digits, bool Alpha, bool Beta, bool Shift>
inline void byte_walk(const Panel& panel, const std::byte* group, uint32_t n_queries, Sink& sink) {
  const Tiles tiles;
  const uint32_t dim = panel.codes->dim, blocks = (panel.n + kSide - 1) / kSide;
  for (uint32_t q = 0; q < n_queries; q += kSide) {
    ByteCompare<Digits, Alpha, Beta, Shift> compare(panel, group, q, n_queries - q, sink);
    walk<true>(panel.rows, panel.stride, blocks, byte_queries<Digits>(group, dim, q / kSide), byte_steps(dim),
               compare);
  }
}

template <uint32_t Digits = 1>
inline void byte_fused(const Panel& panel, const std::byte* group, uint32_t n_queries, Sink& sink) {
  const bool alpha = panel.codes->alpha, beta = panel.codes->beta;
  const auto walk =
      panel.codes->shift ? (beta ? byte_walk<Digits, true, true, true> : byte_walk<Digits, true, false, true>)
      : alpha ? (beta ? byte_walk<Digits, true, true, false> : byte_walk<Digits, true, false, false>)
              : (beta ? byte_walk<Digits, false, true, false> : byte_walk<Digits, false, false, false>);
  walk(panel, group, n_queries, sink);
}

// The rows of a block as scores, rounded as `integer_score` rounds them.
template <uint32_t Digits>
inline void byte_scores(const Panel& panel, const std::byte* group, uint32_t query, uint32_t first,
                        const int32_t* sums, float* out) {
  const float *scale = reinterpret_cast<const float*>(group) + query, *bias = scale + kGroup;
  const float* total = bias + kGroup;
  const uint32_t low = bits_below<Digits>(panel.codes->dim);
  const float *alpha = panel.codes->alpha, *beta = panel.codes->beta, *shift = panel.codes->shift;
  for (uint32_t r = 0; r < kSide && first + r < panel.n; ++r)
    for (uint32_t h = 0; h < kSide; h += 16) {
      const __m512 dot = _mm512_cvtepi32_ps(byte_dots<Digits>(sums, r, h, low));
      __m512 step = _mm512_loadu_ps(scale + h);
      if (alpha) step = _mm512_mul_ps(step, _mm512_set1_ps(alpha[first + r]));
      __m512 score = _mm512_mul_ps(dot, step);
      if (shift)
        score =
            _mm512_add_ps(score, _mm512_mul_ps(_mm512_set1_ps(shift[first + r]), _mm512_loadu_ps(total + h)));
      if (beta) score = _mm512_add_ps(score, _mm512_set1_ps(beta[first + r]));
      _mm512_storeu_ps(out + size_t{first + r} * kGroup + query + h,
                       _mm512_add_ps(score, _mm512_loadu_ps(bias + h)));
    }
}

template <uint32_t Digits = 1>
inline void byte_dense(const Panel& panel, const std::byte* group, uint32_t n_queries, float* out) {
  const Tiles tiles;
  const uint32_t dim = panel.codes->dim, steps = byte_steps(dim);
  alignas(64) int32_t sums[Digits * kSide * kSide];
  for (uint32_t q = 0; q < n_queries; q += kSide)
    for (uint32_t i = 0; i < panel.n; i += kSide) {
      const std::byte* rows = panel.rows + i * panel.stride;
      for (uint32_t d = 0; d < Digits; ++d)
        multiply_block<true>(rows, panel.stride,
                             byte_queries<Digits>(group, dim, q / kSide) + size_t{d} * steps * 2048, steps,
                             sums + d * kSide * kSide, [](uint32_t) {});
      byte_scores<Digits>(panel, group, q, i, sums, out);
    }
}

}  // namespace
}  // namespace lilliput::amx
