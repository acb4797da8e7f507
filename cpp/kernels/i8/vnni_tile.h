// Signed byte rows against 64 byte queries with vpdpbusd. The unsigned side are the queries (plus 128), so
// that rows are used as they lie; 128 times a row's sum is taken off again. Of queries of two digits the high
// ones are multiplied first, and their sums shifted before the low ones add theirs.
#pragma once

#include <immintrin.h>

#include "kernels/collect512.h"
#include "kernels/i8/quantise512.h"

namespace lilliput::avx512 {
namespace {

inline size_t vnni_words(uint32_t dim) { return (size_t{dim} + 3) / 4; }

// A group: scale[64], bias[64], total[64], then of each digit [dim / 4 rounded up][64 queries][4 bytes].
struct VnniGroup {
  const float *scale, *bias, *total;  // total: scale times the sum of the codes
  const uint8_t* codes;
  uint32_t low;  // bits
  VnniGroup(const std::byte* g, uint32_t low_digit)
      : scale(reinterpret_cast<const float*>(g)),
        bias(scale + kGroup),
        total(bias + kGroup),
        codes(reinterpret_cast<const uint8_t*>(total + kGroup)),
        low(low_digit) {}
};

template <uint32_t Digits = 1>
inline size_t vnni_group_bytes(uint32_t dim) {
  const size_t row = size_t{(dim + 63) / 64} * 64;
  return 3 * kGroup * sizeof(float) + Digits * (vnni_words(dim) * 4 * kGroup + row);
}

template <int Levels, uint32_t Digits = 1>
inline void vnni_pack(uint32_t dim, const float* queries, const float* bias, uint32_t n, std::byte* group) {
  float* scale = reinterpret_cast<float*>(group);
  uint8_t* codes = reinterpret_cast<uint8_t*>(scale + 3 * kGroup);
  const size_t words = vnni_words(dim);
  int8_t* row = reinterpret_cast<int8_t*>(codes + Digits * words * 4 * kGroup);
  for (uint32_t j = 0; j < kGroup; ++j) {
    for (uint32_t i = 0; i < Digits * 4 * words; ++i) row[i] = 0;
    const Quantised grid =
        j < n ? quantise<Digits>(queries + size_t{j} * dim, dim, Levels, row, 4 * words) : Quantised{};
    scale[j] = grid.scale;
    scale[kGroup + j] = j < n ? bias[j] : 0.0f;
    scale[2 * kGroup + j] = grid.scale * static_cast<float>(grid.sum);
    for (size_t w = 0; w < Digits * words; ++w)
      for (uint32_t b = 0; b < 4; ++b)
        codes[(w * kGroup + j) * 4 + b] = static_cast<uint8_t>(row[4 * w + b] + 128);
  }
}

// Rows of whole words, with room behind them for the sums of the rows; those are exact, below 2^24.
inline size_t vnni_stride(uint32_t dim) { return (size_t{dim} + 3) / 4 * 4; }
inline size_t vnni_panel_bytes(uint32_t dim, uint32_t n) {
  return n * sizeof(float) + (dim % 4 ? n * vnni_stride(dim) : 0);
}

inline void vnni_sum(Panel& panel, float* sums) {
  const __m512i ones = _mm512_set1_epi8(1);
  const uint32_t dim = panel.codes->dim;
  for (uint32_t r = 0; r < panel.n; ++r) {
    __m512i sum = _mm512_setzero_si512();
    for (uint32_t i = 0; i < dim; i += 64) {
      const uint32_t left = dim - i;
      const __mmask64 mask = left < 64 ? (uint64_t{1} << left) - 1 : ~uint64_t{0};
      sum = _mm512_dpbusd_epi32(sum, ones, _mm512_maskz_loadu_epi8(mask, panel.rows + r * panel.stride + i));
    }
    sums[r] = static_cast<float>(_mm512_reduce_add_epi32(sum));
  }
  panel.norm = sums;
}

inline void vnni_load(Panel& panel, std::byte* memory) {
  const uint32_t dim = panel.codes->dim;
  float* sums = reinterpret_cast<float*>(memory);
  if (dim % 4) {
    std::byte* out = memory + panel.n * sizeof(float);
    for (uint32_t r = 0; r < panel.n; ++r, out += vnni_stride(dim)) {
      __builtin_memset(out + dim, 0, vnni_stride(dim) - dim);
      __builtin_memcpy(out, panel.codes->rows + size_t{r} * panel.codes->row_bytes, dim);
    }
    panel.rows = memory + panel.n * sizeof(float);
    panel.stride = vnni_stride(dim);
  }
  vnni_sum(panel, sums);
}

// Rows that are expanded to bytes first: whole lines, and behind them room for the sums.
inline size_t expanded_stride(uint32_t dim) { return (size_t{dim} + 63) / 64 * 64; }
inline size_t expanded_panel_bytes(uint32_t dim, uint32_t n) {
  return n * (expanded_stride(dim) + sizeof(float));
}

inline void expanded_begin(Panel& panel, std::byte* memory) {
  panel.rows = memory;
  panel.stride = expanded_stride(panel.codes->dim);
}

typedef int32_t Sums __attribute__((vector_size(64)));

// The sums stay in registers: __m512i may alias anything, so the compiler would write them back at every
// word.
template <uint32_t Digits, int R, int V>
inline void vnni_dots(const std::byte* rows, size_t stride, uint32_t words, const VnniGroup& group,
                      __m512i (&out)[R][V]) {
  Sums sum[R][V] = {};
  const uint8_t* codes = group.codes;
  for (uint32_t d = 0; d < Digits; ++d) {
    if (d > 0)
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) sum[r][v] = (Sums)shifted((__m512i)sum[r][v], group.low);
    for (uint32_t w = 0; w < words; ++w, codes += 4 * kGroup) {
      __m512i q[V];
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) q[v] = _mm512_loadu_si512(codes + 64 * v);
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        int32_t word;
        __builtin_memcpy(&word, rows + r * stride + 4 * size_t{w}, 4);
        const __m512i x = _mm512_set1_epi32(word);
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) sum[r][v] = (Sums)_mm512_dpbusd_epi32((__m512i)sum[r][v], q[v], x);
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) out[r][v] = (__m512i)sum[r][v];
}

template <uint32_t Digits, int R, int V, class Take>
inline void vnni_rows(const Panel& panel, const VnniGroup& group, uint32_t first, Take& take) {
  __m512i sum[R][V];
  vnni_dots<Digits, R, V>(panel.rows + first * panel.stride, panel.stride, (panel.codes->dim + 3) / 4, group,
                          sum);
  const uint32_t taken = Digits == 1 ? 128 : 128 + (128u << group.low);  // times the row's sum, modulo 2^32
  const float *alpha = panel.codes->alpha, *beta = panel.codes->beta, *shift = panel.codes->shift;
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    const uint32_t i = first + r;
    const uint32_t row_sum = static_cast<uint32_t>(static_cast<int32_t>(panel.norm[i]));
    const __m512i offset = _mm512_set1_epi32(static_cast<int32_t>(row_sum * taken));
    const __m512 a = _mm512_set1_ps(alpha ? alpha[i] : 1.0f), b = _mm512_set1_ps(beta ? beta[i] : 0.0f);
    const __m512 s = _mm512_set1_ps(shift ? shift[i] : 0.0f);
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      const __m512 dot = _mm512_cvtepi32_ps(_mm512_sub_epi32(sum[r][v], offset));
      __m512 score = _mm512_mul_ps(dot, _mm512_mul_ps(_mm512_loadu_ps(group.scale + 16 * v), a));
      if (shift) score = _mm512_add_ps(score, _mm512_mul_ps(s, _mm512_loadu_ps(group.total + 16 * v)));
      if (beta) score = _mm512_add_ps(score, b);
      take(i, v, _mm512_add_ps(score, _mm512_loadu_ps(group.bias + 16 * v)));
    }
  }
}

template <uint32_t Digits, int V, class Take>
inline void vnni_panel(const Panel& panel, const VnniGroup& group, Take& take) {
  uint32_t i = 0;
  for (; i + 6 <= panel.n; i += 6) vnni_rows<Digits, 6, V>(panel, group, i, take);
  for (; i < panel.n; ++i) vnni_rows<Digits, 1, V>(panel, group, i, take);
}

template <uint32_t Digits, class Take>
inline void vnni_tile(const Panel& panel, const std::byte* g, uint32_t n_queries, Take& take) {
  const VnniGroup group(g, bits_below<Digits>(panel.codes->dim));
  switch ((n_queries + 15) / 16) {
    case 1:
      return vnni_panel<Digits, 1>(panel, group, take);
    case 2:
      return vnni_panel<Digits, 2>(panel, group, take);
    case 3:
      return vnni_panel<Digits, 3>(panel, group, take);
    default:
      return vnni_panel<Digits, 4>(panel, group, take);
  }
}

template <uint32_t Digits = 1>
inline void vnni_dense(const Panel& panel, const std::byte* group, uint32_t n_queries, float* out) {
  const WriteOut take{out};
  vnni_tile<Digits>(panel, group, n_queries, take);
}

template <uint32_t Digits = 1>
inline void vnni_fused(const Panel& panel, const std::byte* group, uint32_t n_queries, Sink& sink) {
  const PushHits take{panel, sink, n_queries};
  vnni_tile<Digits>(panel, group, n_queries, take);
}

}  // namespace
}  // namespace lilliput::avx512
