// Rounds of sign flips and Walsh-Hadamard transforms, in place: additions alone, whose order no width
// changes.
#pragma once

#include "kernels/exact.h"

namespace lilliput::LILLIPUT_TARGET {
namespace {

typedef int32_t Places __attribute__((vector_size(kVectorBytes)));

inline Vector load(const float* from) {
  Vector v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

inline void store(float* to, Vector v) { __builtin_memcpy(to, &v, sizeof v); }

inline void flip(uint32_t dim, const uint8_t* signs, float* x) {
  for (uint32_t i = 0; i < dim; ++i) x[i] *= signs[i] ? -1.0f : 1.0f;
}

// A step between numbers `Half` apart in one register: a - b is a + (-b) to the bit.
template <int Half>
inline Vector step_within(Vector x) {
  Places other;
  Vector sign;
  for (int i = 0; i < kWidth; ++i) {
    other[i] = i ^ Half;
    sign[i] = i & Half ? -1.0f : 1.0f;
  }
  return __builtin_shuffle(x, other) + x * sign;
}

// The steps that stay in a register.
inline Vector steps_within(Vector x) {
  x = step_within<2>(step_within<1>(x));
  if constexpr (kWidth > 4) x = step_within<4>(x);
  if constexpr (kWidth > 8) x = step_within<8>(x);
  return x;
}

inline void step(uint32_t p, uint32_t half, float* x) {
  for (uint32_t i = 0; i < p; i += 2 * half) {
    float* __restrict low = x + i, * __restrict high = x + i + half;
    for (uint32_t j = 0; j < half; ++j) {
      const float a = low[j], b = high[j];
      low[j] = a + b;
      high[j] = a - b;
    }
  }
}

// Two steps, half and then twice that, with each number read once; half is a multiple of a register.
inline void two_steps(uint32_t p, uint32_t half, float* x) {
  for (uint32_t i = 0; i < p; i += 4 * half)
    for (uint32_t j = i; j < i + half; j += kWidth) {
      const Vector a = load(x + j), b = load(x + j + half), c = load(x + j + 2 * half),
                   d = load(x + j + 3 * half);
      const Vector sum = a + b, difference = a - b, next_sum = c + d, next_difference = c - d;
      store(x + j, sum + next_sum);
      store(x + j + half, difference + next_difference);
      store(x + j + 2 * half, sum - next_sum);
      store(x + j + 3 * half, difference - next_difference);
    }
}

// x = H x / sqrt(p), its own inverse.
inline void hadamard(uint32_t p, float* x) {
  uint32_t half = 1;
  if (p >= kWidth) {
    for (uint32_t i = 0; i < p; i += kWidth) store(x + i, steps_within(load(x + i)));
    half = kWidth;
    for (; 2 * half < p; half *= 4) two_steps(p, half, x);
  }
  for (; half < p; half *= 2) step(p, half, x);
  const float scale = 1.0f / __builtin_sqrtf(static_cast<float>(p));
  for (uint32_t i = 0; i < p; ++i) x[i] *= scale;
}

inline void rotate(uint32_t dim, uint64_t n, uint32_t rounds, const uint8_t* signs, bool inverse, float* x) {
  uint32_t p = 1;
  while (p <= dim / 2) p *= 2;
  for (uint64_t i = 0; i < n; ++i, x += dim) {
    for (uint32_t turn = 0; turn < rounds; ++turn) {
      const uint32_t round = inverse ? rounds - 1 - turn : turn;
      if (!inverse) flip(dim, signs + size_t{round} * dim, x);
      hadamard(p, round % 2 == 0 ? x : x + (dim - p));
      if (inverse) flip(dim, signs + size_t{round} * dim, x);
    }
  }
}

}  // namespace
}  // namespace lilliput::LILLIPUT_TARGET
