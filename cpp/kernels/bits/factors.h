// Factors of rows of signs s, where they are wanted: alpha = |x|^2 / dot(x, s), with which alpha * dot(q, s)
// is an unbiased estimate of dot(q, x) if x was rotated at random (Gao and Long, SIGMOD 2024), and
// beta = -|x|^2.
#pragma once

#include "kernels/exact.h"

namespace lilliput::LILLIPUT_TARGET {
namespace {

// The sum of |x|, in lanes as `norm2`.
inline float sum_of_sizes(const float* x, uint32_t dim) {
  Vector part[kParts] = {};
  for (uint32_t i = 0; i < dim; i += kLanes) {
    float sixteen[kLanes] = {};
    const uint32_t count = dim - i < kLanes ? dim - i : kLanes;
    for (uint32_t j = 0; j < count; ++j) sixteen[j] = __builtin_fabsf(x[i + j]);
    for (int p = 0; p < kParts; ++p) {
      Vector v;
      __builtin_memcpy(&v, sixteen + p * kWidth, sizeof v);
      part[p] += v;
    }
  }
  return fold_lanes(part);
}

inline void sign_factors(uint32_t dim, uint64_t n, const float* x, float* alpha, float* beta) {
  if (!alpha && !beta) return;
  for (uint64_t i = 0; i < n; ++i, x += dim) {
    const float norm = norm2(x, dim);
    if (beta) beta[i] = -norm;
    if (!alpha) continue;
    const float sum = sum_of_sizes(x, dim);
    alpha[i] = sum > 0 && norm < __builtin_inff() ? norm / sum : 0.0f;
  }
}

}  // namespace
}  // namespace lilliput::LILLIPUT_TARGET
