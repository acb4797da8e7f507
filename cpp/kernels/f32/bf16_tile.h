// Float rows against 64 float queries: the tile unit multiplies bf16 roundings, and whatever could reach its
// threshold within the error bound is scored again in float. What is pushed is what the plain kernel would
// have pushed.
//
// With q = q' + dq and x = x' + dx:  |q.x - q'.x'| <= |x| (|dq| + (|dx| / |x|) |q'| + gamma |q|), gamma for
// the sums.
#pragma once

#include "kernels/amx.h"
#include "kernels/collect512.h"
#include "kernels/f32/floats512.h"

namespace lilliput::amx {
namespace {

using avx512::lanes;
using avx512::push;

inline uint32_t pair_steps(uint32_t dim) { return (dim + 31) / 32; }

// A group: error factor[64], bias[64], norm[64], the float queries [64][dim padded to 32], then tiles as for
// bytes.
struct PairGroup {
  float *error, *bias, *norm, *queries;
  std::byte* tiles;
  size_t padded;
  PairGroup(std::byte* g, uint32_t dim)
      : error(reinterpret_cast<float*>(g)),
        bias(error + kGroup),
        norm(bias + kGroup),
        queries(norm + kGroup),
        tiles(reinterpret_cast<std::byte*>(queries + size_t{kGroup} * pair_steps(dim) * 32)),
        padded(size_t{pair_steps(dim)} * 32) {}
};

inline size_t pair_group_bytes(uint32_t dim) {
  return (3 * kGroup + size_t{kGroup} * pair_steps(dim) * 32) * 4 + size_t{pair_steps(dim)} * 4096;
}

struct Rounded {
  __m512 value, error;  // value and what rounding to bf16 took from it
  __m256i bits;
};

inline Rounded round_to_pairs(__m512 x) {
  const __m256bh b = _mm512_cvtneps_pbh(x);
  const __m256i bits = reinterpret_cast<const __m256i&>(b);
  const __m512 back = _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
  return {back, _mm512_sub_ps(x, back), bits};
}

inline float root(float x) { return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x))); }

inline void pair_pack(uint32_t dim, const float* queries, const float* bias, uint32_t n, std::byte* memory) {
  __builtin_memset(memory, 0, pair_group_bytes(dim));
  const PairGroup g(memory, dim);
  const uint32_t steps = pair_steps(dim);
  const float gamma = 4 * (static_cast<float>(dim) + 16) * 0x1p-24f;
  for (uint32_t j = 0; j < n; ++j) {
    std::byte* tile = g.tiles + j / 32 * size_t{steps} * 2048 + j % 32 / 16 * 1024 + j % 16 * 4;
    __m512 norm = _mm512_setzero_ps(), lost = _mm512_setzero_ps();
    for (uint32_t i = 0; i < dim; i += 16) {
      const __m512 x = _mm512_maskz_loadu_ps(lanes(dim - i), queries + size_t{j} * dim + i);
      const Rounded r = round_to_pairs(x);
      _mm512_storeu_ps(g.queries + j * g.padded + i, x);
      norm = _mm512_fmadd_ps(x, x, norm);
      lost = _mm512_fmadd_ps(r.error, r.error, lost);
      alignas(32) uint32_t pair[8];
      _mm256_store_si256(reinterpret_cast<__m256i*>(pair), r.bits);
      for (uint32_t w = 0; w < 8; ++w)
        __builtin_memcpy(tile + i / 32 * 2048 + (i % 32 / 2 + w) * 64, pair + w, 4);
    }
    g.norm[j] = root(_mm512_reduce_add_ps(norm)) * (1 + gamma);
    g.error[j] = root(_mm512_reduce_add_ps(lost)) * (1 + gamma) + gamma * g.norm[j];
    g.bias[j] = bias[j];
  }
}

inline size_t pair_panel_rows(uint32_t n) { return size_t{(n + kSide - 1) / kSide * kSide}; }

inline size_t pair_panel_bytes(uint32_t dim, uint32_t n) {
  return pair_panel_rows(n) * (size_t{pair_steps(dim)} * 64 + 4);
}

template <class Row>
inline void pair_load(Panel& panel, std::byte* memory) {
  const uint32_t dim = panel.codes->dim;
  panel.stride = size_t{pair_steps(dim)} * 64;
  panel.rows = memory;
  float* norms = reinterpret_cast<float*>(memory + pair_panel_rows(panel.n) * panel.stride);
  panel.norm = norms;
  panel.slack = 0;
  const float gamma = 4 * (static_cast<float>(dim) + 16) * 0x1p-24f;
  for (uint32_t r = 0; r < panel.n; ++r) {
    const std::byte* row = panel.codes->rows + size_t{r} * panel.codes->row_bytes;
    std::byte* out = memory + r * panel.stride;
    __m512 norm = _mm512_setzero_ps(), lost = _mm512_setzero_ps();
    for (uint32_t i = 0; i < pair_steps(dim) * 32; i += 16) {
      __m512 x = i < dim ? Row::load(row, i, lanes(dim - i)) : _mm512_setzero_ps();
      x = _mm512_mul_ps(x, _mm512_set1_ps(Row::kUnit));
      const Rounded rounded = round_to_pairs(x);
      norm = _mm512_fmadd_ps(x, x, norm);
      lost = _mm512_fmadd_ps(rounded.error, rounded.error, lost);
      _mm256_store_si256(reinterpret_cast<__m256i*>(out + 2 * size_t{i}), rounded.bits);
    }
    norms[r] = root(_mm512_reduce_add_ps(norm)) * (1 + gamma);
    const float relative = norms[r] > 0 ? root(_mm512_reduce_add_ps(lost)) * (1 + gamma) / norms[r] : 0;
    if (!(relative <= panel.slack)) panel.slack = relative;
    if (panel.codes->alpha) norms[r] *= panel.codes->alpha[r];
  }
}

// What the plain kernel gives, but for the order of its sums.
template <class Row>
inline float pair_score(const Panel& panel, uint32_t row, const PairGroup& group, uint32_t query) {
  const Codes& codes = *panel.codes;
  const std::byte* x = codes.rows + size_t{row} * codes.row_bytes;
  float score = avx512::dot<Row>(x, group.queries + query * group.padded, codes.dim);
  if (codes.alpha) score = score * codes.alpha[row];
  if (codes.beta) score = score + codes.beta[row];
  return score + group.bias[query];
}

template <class Row, bool Alpha, bool Beta>
class PairCompare {
 public:
  PairCompare(const Panel& panel, const PairGroup& group, uint32_t first_query, uint32_t n_queries,
              Sink& sink)
      : panel_(panel),
        sink_(sink),
        group_(group),
        first_(first_query),
        n_(n_queries),
        alpha_(panel.codes->alpha),
        beta_(panel.codes->beta) {
    for (uint32_t j = 0; j < kSide; ++j)
      reach_[j] = group.error[first_ + j] + panel.slack * (1 + 0x1p-8f) * group.norm[first_ + j];
    lower();
  }

  void begin(uint32_t block) {
    norms_.begin(block, panel_.n);
    alphas_.begin(block, panel_.n);
    betas_.begin(block, panel_.n);
  }

  void masks(const int32_t* sums, uint32_t row, uint16_t* out) const {
    for (uint32_t h = 0; h < 2; ++h) {
      __m512 score = _mm512_load_ps(reinterpret_cast<const float*>(sums) + row * kSide + 16 * h);
      if constexpr (Alpha) score = _mm512_mul_ps(score, alphas_[row]);
      if constexpr (Beta) score = _mm512_add_ps(score, betas_[row]);
      score = _mm512_fmadd_ps(norms_[row], _mm512_load_ps(reach_ + 16 * h), score);
      out[h] = _mm512_cmp_ps_mask(score, _mm512_load_ps(bar_ + 16 * h), _CMP_NLT_UQ);
    }
  }

  bool hit(const int32_t*, uint32_t block, uint32_t r, uint32_t j) {
    const uint32_t row = block * kSide + r;
    if (row >= panel_.n || j >= n_) return false;
    return push(sink_, first_ + j, panel_.numbers ? panel_.numbers[row] : panel_.first + row,
                pair_score<Row>(panel_, row, group_, first_ + j));
  }

  // Lowered by what adding beta and bias rounds off; the float score decides.
  void lower() {
    for (uint32_t h = 0; h < kSide; h += 16) {
      const __m512 threshold = _mm512_loadu_ps(sink_.threshold + first_ + h),
                   bias = _mm512_loadu_ps(group_.bias + first_ + h);
      const __m512 size = _mm512_add_ps(_mm512_abs_ps(threshold), _mm512_abs_ps(bias));
      const __m512 bar =
          _mm512_sub_ps(_mm512_sub_ps(threshold, bias), _mm512_mul_ps(size, _mm512_set1_ps(0x1p-20f)));
      const __mmask16 absent = n_ <= h ? 0xffff : static_cast<__mmask16>(~lanes(n_ - h));
      _mm512_store_ps(bar_ + h, _mm512_mask_mov_ps(bar, absent, _mm512_set1_ps(__builtin_inff())));
    }
  }

 private:
  const Panel& panel_;
  Sink& sink_;
  const PairGroup& group_;
  uint32_t first_, n_;
  const float *alpha_, *beta_;
  Factors norms_{panel_.norm}, alphas_{alpha_}, betas_{beta_};
  alignas(64) float reach_[kSide];
  alignas(64) float bar_[kSide];
};

template <class Row, bool Alpha, bool Beta>
inline void pair_walk(const Panel& panel, const std::byte* memory, uint32_t n_queries, Sink& sink) {
  const Tiles tiles;
  const uint32_t dim = panel.codes->dim, steps = pair_steps(dim), blocks = (panel.n + kSide - 1) / kSide;
  const PairGroup group(const_cast<std::byte*>(memory), dim);
  for (uint32_t q = 0; q < n_queries; q += kSide) {
    PairCompare<Row, Alpha, Beta> compare(panel, group, q, n_queries - q, sink);
    walk<false>(panel.rows, panel.stride, blocks, group.tiles + size_t{q / kSide} * steps * 2048, steps,
                compare);
  }
}

template <class Row>
inline void pair_fused(const Panel& panel, const std::byte* memory, uint32_t n_queries, Sink& sink) {
  const bool alpha = panel.codes->alpha, beta = panel.codes->beta;
  const auto walk = alpha ? (beta ? pair_walk<Row, true, true> : pair_walk<Row, true, false>)
                          : (beta ? pair_walk<Row, false, true> : pair_walk<Row, false, false>);
  walk(panel, memory, n_queries, sink);
}

// What the bf16 product guarantees: the score less everything that rounding can have added.
inline void pair_floor(const Panel& panel, const std::byte* memory, uint32_t n_queries, float* out) {
  const Tiles tiles;
  const uint32_t dim = panel.codes->dim, steps = pair_steps(dim);
  const PairGroup group(const_cast<std::byte*>(memory), dim);
  const float *alpha = panel.codes->alpha, *beta = panel.codes->beta;
  alignas(64) float sums[kSide * kSide];
  for (uint32_t q = 0; q < n_queries; q += kSide)
    for (uint32_t i = 0; i < panel.n; i += kSide) {
      const std::byte* queries = group.tiles + size_t{q / kSide} * steps * 2048;
      multiply_block<false>(panel.rows + i * panel.stride, panel.stride, queries, steps, sums,
                            [](uint32_t) {});
      for (uint32_t r = 0; r < kSide && i + r < panel.n; ++r)
        for (uint32_t h = 0; h < kSide; h += 16) {
          const __m512 bias = _mm512_loadu_ps(group.bias + q + h);
          const __m512 reach =
              _mm512_fmadd_ps(_mm512_set1_ps(panel.slack * (1 + 0x1p-8f)),
                              _mm512_loadu_ps(group.norm + q + h), _mm512_loadu_ps(group.error + q + h));
          __m512 score = _mm512_load_ps(sums + r * kSide + h);
          if (alpha) score = _mm512_mul_ps(score, _mm512_set1_ps(alpha[i + r]));
          score = _mm512_fnmadd_ps(_mm512_set1_ps(panel.norm[i + r]), reach, score);
          if (beta) score = _mm512_add_ps(score, _mm512_set1_ps(beta[i + r]));
          const __m512 rounding = _mm512_mul_ps(_mm512_add_ps(_mm512_abs_ps(score), _mm512_abs_ps(bias)),
                                                _mm512_set1_ps(0x1p-20f));
          _mm512_storeu_ps(out + size_t{i + r} * kGroup + q + h,
                           _mm512_sub_ps(_mm512_add_ps(score, bias), rounding));
        }
    }
}

// Scores written out are float scores: rounding is for gating only.
template <class Row>
inline void pair_dense(const Panel& panel, const std::byte* memory, uint32_t n_queries, float* out) {
  const PairGroup group(const_cast<std::byte*>(memory), panel.codes->dim);
  for (uint32_t r = 0; r < panel.n; ++r)
    for (uint32_t j = 0; j < n_queries; ++j)
      out[size_t{r} * kGroup + j] = pair_score<Row>(panel, r, group, j);
}

template <class Row>
constexpr Tile pair_tile() {
  return {4,
          pair_group_bytes,
          pair_pack,
          pair_panel_bytes,
          pair_load<Row>,
          pair_dense<Row>,
          pair_fused<Row>,
          pair_floor};
}

}  // namespace
}  // namespace lilliput::amx
