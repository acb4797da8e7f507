// Rounds of sign flips and Walsh-Hadamard transforms, in place. Built for the baseline machine alone, so that
// the bits are the same everywhere; it runs at the speed of additions as it is.
#include "lilliput/dense.h"

namespace lilliput {
namespace {

void flip(uint32_t dim, const uint8_t* signs, float* x) {
  for (uint32_t i = 0; i < dim; ++i) x[i] *= signs[i] ? -1.0f : 1.0f;
}

typedef float Quad __attribute__((vector_size(16)));

// Four coordinates through the first two of the steps below, in one register: a - b is a + (-b) to the bit.
inline Quad first_two(Quad x) {
  constexpr Quad kOdd = {1.0f, -1.0f, 1.0f, -1.0f}, kUpper = {1.0f, 1.0f, -1.0f, -1.0f};
  x = __builtin_shufflevector(x, x, 1, 0, 3, 2) + x * kOdd;
  return __builtin_shufflevector(x, x, 2, 3, 0, 1) + x * kUpper;
}

void butterfly(uint32_t half, float* __restrict low, float* __restrict high) {
  for (uint32_t i = 0; i < half; ++i) {
    const float a = low[i], b = high[i];
    low[i] = a + b;
    high[i] = a - b;
  }
}

// x = H x / sqrt(p), its own inverse.
void hadamard(uint32_t p, float* x) {
  uint32_t half = 1;
  if (p >= 4) {
    for (uint32_t i = 0; i < p; i += 4) {
      Quad v;
      __builtin_memcpy(&v, x + i, sizeof v);
      v = first_two(v);
      __builtin_memcpy(x + i, &v, sizeof v);
    }
    half = 4;
  }
  for (; half < p; half *= 2)
    for (uint32_t i = 0; i < p; i += 2 * half) butterfly(half, x + i, x + i + half);
  const float scale = 1.0f / __builtin_sqrtf(static_cast<float>(p));
  for (uint32_t i = 0; i < p; ++i) x[i] *= scale;
}

}  // namespace

void rotate(uint32_t dim, uint64_t n, uint32_t rounds, const uint8_t* signs, bool inverse, float* x) {
  uint32_t p = 1;
  while (p <= dim / 2) p *= 2;
  for (uint64_t i = 0; i < n; ++i, x += dim) {
    for (uint32_t step = 0; step < rounds; ++step) {
      const uint32_t round = inverse ? rounds - 1 - step : step;
      float* part = round % 2 == 0 ? x : x + (dim - p);
      if (!inverse) flip(dim, signs + size_t{round} * dim, x);
      hadamard(p, part);
      if (inverse) flip(dim, signs + size_t{round} * dim, x);
    }
  }
}

}  // namespace lilliput
