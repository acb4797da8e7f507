// One query against rows of floats of any width.
#pragma once

#include "kernels/f32/dot512.h"
#include "kernels/rows512.h"

namespace lilliput::avx512 {
namespace {

inline size_t float_query_bytes(const Codes& of) { return kQueryHead + (size_t{of.dim} * 4 + 63) / 64 * 64; }

inline void float_prepare(const Codes& codes, const float* query, float bias, std::byte* out) {
  const uint32_t dim = codes.dim;
  *reinterpret_cast<QueryHead*>(out) = {1.0f, bias, 0};
  __builtin_memcpy(out + kQueryHead, query, size_t{dim} * 4);
}

template <class Row, bool Streams>
struct FloatScore {
  const Codes& codes;
  Prepared query;
  float operator()(const std::byte* row, uint64_t i) const {
    float score = dot<Row, Streams>(row, reinterpret_cast<const float*>(query.body), codes.dim);
    if (codes.alpha) score = score * codes.alpha[i];
    if (codes.beta) score = score + codes.beta[i];
    return score + query.head.bias;
  }
};

template <class Row>
inline void float_block(const Codes& codes, uint64_t first, uint32_t n, const std::byte* query,
                        float* scores) {
  block_rows<false>(codes, first, n, FloatScore<Row, true>{codes, Prepared(query)}, scores);
}

template <class Row>
inline void float_gather(const Codes& codes, const uint32_t* rows, uint32_t n, const std::byte* query,
                         float* scores) {
  gather_rows(codes, rows, n, FloatScore<Row, false>{codes, Prepared(query)}, scores);
}

// -|x|^2 in the order every instruction set keeps: 16 lanes, then folded 8, 4, 2, 1.
template <class Row>
inline float minus_norm2(const std::byte* row, uint32_t dim) {
  __m512 sum = _mm512_setzero_ps();
  for (uint32_t i = 0; i < dim; i += 16) {
    const __m512 x = Row::load(row, i, lanes(dim - i));
    sum = _mm512_add_ps(sum, _mm512_mul_ps(x, x));
  }
  alignas(64) float lane[16];
  _mm512_store_ps(lane, sum);
  for (int half = 8; half; half /= 2)
    for (int j = 0; j < half; ++j) lane[j] = lane[j] + lane[j + half];
  return -lane[0];
}

}  // namespace
}  // namespace lilliput::avx512
