// Float rows against 64 float queries: queries lie transposed, 6 rows x 4 vectors of 16 queries stay in
// registers.
#pragma once

#include <immintrin.h>

#include "kernels/collect512.h"

namespace lilliput::avx512 {
namespace {

// A group: bias[64], then queries transposed [dim][64].
inline size_t fma_group_bytes(uint32_t dim) { return (size_t{dim} + 1) * kGroup * sizeof(float); }

inline void fma_pack(uint32_t dim, const float* queries, const float* bias, uint32_t n, std::byte* group) {
  float* out = reinterpret_cast<float*>(group);
  for (uint32_t j = 0; j < kGroup; ++j) out[j] = j < n ? bias[j] : 0.0f;
  for (uint32_t i = 0; i < dim; ++i)
    for (uint32_t j = 0; j < kGroup; ++j)
      out[(size_t{i} + 1) * kGroup + j] = j < n ? queries[size_t{j} * dim + i] : 0.0f;
}

template <int R, int V>
inline void fma_rows(const float* rows, size_t stride, uint32_t dim, const float* queries,
                     __m512 (&sum)[R][V]) {
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < V; ++v) sum[r][v] = _mm512_setzero_ps();
  for (uint32_t i = 0; i < dim; ++i) {
    __m512 q[V];
#pragma GCC unroll 16
    for (int v = 0; v < V; ++v) q[v] = _mm512_loadu_ps(queries + size_t{i} * kGroup + 16 * v);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const __m512 x = _mm512_set1_ps(rows[r * stride + i]);
#pragma GCC unroll 16
      for (int v = 0; v < V; ++v) sum[r][v] = _mm512_fmadd_ps(x, q[v], sum[r][v]);
    }
  }
}

// Rows first, first + 1, ... against the queries from vector `at` on.
template <int R, int V, class Take>
inline void fma_step(const Panel& panel, const float* group, uint32_t first, int at, Take& take) {
  const size_t stride = panel.stride / sizeof(float);
  const float* rows = reinterpret_cast<const float*>(panel.rows) + first * stride;
  const float *alpha = panel.codes->alpha, *beta = panel.codes->beta, *bias = group + 16 * at;
  __m512 sum[R][V];
  fma_rows<R, V>(rows, stride, panel.codes->dim, bias + kGroup, sum);
  for (int r = 0; r < R; ++r) {
    const __m512 a = _mm512_set1_ps(alpha ? alpha[first + r] : 1.0f),
                 b = _mm512_set1_ps(beta ? beta[first + r] : 0.0f);
    for (int v = 0; v < V; ++v) {
      const __m512 product = _mm512_mul_ps(sum[r][v], a);
      const __m512 score = _mm512_add_ps(_mm512_add_ps(product, b), _mm512_loadu_ps(bias + 16 * v));
      take(first + r, at + v, score);
    }
  }
}

template <int V, class Take>
inline void fma_panel(const Panel& panel, const float* group, int at, Take& take) {
  uint32_t i = 0;
  for (; i + 12 <= panel.n; i += 12) fma_step<12, V>(panel, group, i, at, take);
  for (; i + 4 <= panel.n; i += 4) fma_step<4, V>(panel, group, i, at, take);
  for (; i < panel.n; ++i) fma_step<1, V>(panel, group, i, at, take);
}

template <class Take>
inline void fma_tile(const Panel& panel, const std::byte* group, uint32_t n_queries, Take& take) {
  const float* g = reinterpret_cast<const float*>(group);
  const int vectors = static_cast<int>((n_queries + 15) / 16);
  int at = 0;
  for (; at + 2 <= vectors; at += 2) fma_panel<2>(panel, g, at, take);
  if (at < vectors) fma_panel<1>(panel, g, at, take);
}

inline void fma_dense(const Panel& panel, const std::byte* group, uint32_t n_queries, float* out) {
  const WriteOut take{out};
  fma_tile(panel, group, n_queries, take);
}

inline void fma_fused(const Panel& panel, const std::byte* group, uint32_t n_queries, Sink& sink) {
  const PushHits take{panel, sink, n_queries};
  fma_tile(panel, group, n_queries, take);
}

}  // namespace
}  // namespace lilliput::avx512
