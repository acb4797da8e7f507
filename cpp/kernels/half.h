// IEEE half precision in integer steps, bit for bit what the conversion instructions give (nearest, ties to
// even). No step makes a subnormal float, so flushing modes of the process change nothing.
#pragma once

#include "kernels/exact.h"

namespace lilliput::LILLIPUT_TARGET {
namespace {

typedef float Floats __attribute__((vector_size(16)));
typedef int32_t Ints __attribute__((vector_size(16)));
typedef uint16_t Halves __attribute__((vector_size(8)));

inline Ints pick(Ints mask, Ints yes, Ints no) { return (yes & mask) | (no & ~mask); }

inline Floats widen(Halves halves) {
  const Ints half = __builtin_convertvector(halves, Ints), magnitude = half & 0x7fff,
             sign = (half & 0x8000) << 16;
  const Ints normal = (magnitude << 13) + (112 << 23);
  const Ints special = normal + (112 << 23);  // infinities and NaN keep the largest exponent
  const Ints tiny = __builtin_bit_cast(Ints, __builtin_convertvector(magnitude, Floats) * 0x1p-24f);
  const Ints bits = pick(magnitude < 0x0400, tiny, pick(magnitude < 0x7c00, normal, special));
  return __builtin_bit_cast(Floats, bits | sign);
}

inline Halves narrow(Floats x) {
  const Ints bits = __builtin_bit_cast(Ints, x), magnitude = bits & 0x7fffffff, sign = (bits >> 16) & 0x8000;
  const Ints normal = (magnitude + 0x0fff + ((magnitude >> 13) & 1) - (112 << 23)) >> 13;
  // One ulp of 0.5 is the subnormal step.
  const Ints tiny = __builtin_bit_cast(Ints, __builtin_bit_cast(Floats, magnitude) + 0.5f) - 0x3f000000;
  const Ints nan = 0x7e00 | ((magnitude >> 13) & 0x03ff);
  const Ints large = pick(magnitude > 0x7f800000, nan, Ints{} + 0x7c00);
  const Ints finite = pick(magnitude < 0x38800000, tiny, normal);
  return __builtin_convertvector(sign | pick(magnitude < 0x47800000, finite, large), Halves);
}

// Conversion is a type with `widen16` and `narrow16`: 16 elements at a time.
struct SoftwareHalf {
  static void widen16(const uint16_t* in, float* out) {
    for (int i = 0; i < kLanes; i += 4) {
      Halves halves;
      __builtin_memcpy(&halves, in + i, sizeof halves);
      const Floats floats = widen(halves);
      __builtin_memcpy(out + i, &floats, sizeof floats);
    }
  }
  static void narrow16(const float* in, uint16_t* out) {
    for (int i = 0; i < kLanes; i += 4) {
      Floats floats;
      __builtin_memcpy(&floats, in + i, sizeof floats);
      const Halves halves = narrow(floats);
      __builtin_memcpy(out + i, &halves, sizeof halves);
    }
  }
};

template <class Conversion>
inline void encode_sixteen(const float* x, uint16_t* halves, bool with_norm, Norm& norm) {
  Conversion::narrow16(x, halves);
  if (!with_norm) return;
  float decoded[kLanes];
  Conversion::widen16(halves, decoded);
  norm.add(decoded);
}

// The norm in beta is that of the decoded row.
template <class Conversion>
void encode_f16(uint32_t dim, uint64_t n, const float* x, std::byte* rows, float*, float* beta) {
  for (uint64_t i = 0; i < n; ++i, x += dim, rows += size_t{dim} * 2) {
    uint16_t* row = reinterpret_cast<uint16_t*>(rows);
    Norm norm;
    uint32_t j = 0;
    for (; j + kLanes <= dim; j += kLanes) encode_sixteen<Conversion>(x + j, row + j, beta != nullptr, norm);
    if (j < dim) {
      float tail[kLanes] = {};
      uint16_t halves[kLanes];
      __builtin_memcpy(tail, x + j, (dim - j) * sizeof(float));
      encode_sixteen<Conversion>(tail, halves, beta != nullptr, norm);
      __builtin_memcpy(row + j, halves, (dim - j) * sizeof(uint16_t));
    }
    if (beta) beta[i] = -norm.fold();
  }
}

}  // namespace
}  // namespace lilliput::LILLIPUT_TARGET
