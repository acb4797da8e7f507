// IEEE half precision in integer steps, bit for bit what the conversion instructions give (nearest, ties to
// even). No step makes a subnormal float, so flushing modes of the process change nothing.
#pragma once

#include "kernels/exact.h"

namespace lilliput::LILLIPUT_TARGET {
namespace {

inline float widen(uint16_t half) {
  const int32_t magnitude = half & 0x7fff, sign = (half & 0x8000) << 16;
  const int32_t normal = (magnitude << 13) + (112 << 23);
  const int32_t special = normal + (112 << 23);  // infinities and NaN keep the largest exponent
  const int32_t tiny = bits_of(static_cast<float>(magnitude) * 0x1p-24f);
  const int32_t bits = magnitude < 0x0400 ? tiny : magnitude < 0x7c00 ? normal : special;
  return float_of(bits | sign);
}

inline uint16_t narrow(float x) {
  const int32_t bits = bits_of(x), magnitude = bits & 0x7fffffff, sign = (bits >> 16) & 0x8000;
  const int32_t normal = (magnitude + 0x0fff + ((magnitude >> 13) & 1) - (112 << 23)) >> 13;
  const int32_t tiny =
      bits_of(float_of(magnitude) + 0.5f) - 0x3f000000;  // one ulp of 0.5 is the subnormal step
  const int32_t finite = magnitude < 0x38800000 ? tiny : normal;
  const int32_t nan = 0x7e00 | ((magnitude >> 13) & 0x03ff);
  return static_cast<uint16_t>(sign | (magnitude > 0x7f800000   ? nan
                                       : magnitude < 0x47800000 ? finite
                                                                : 0x7c00));
}

// Conversion is a type with `widen` and `narrow` over 16 elements.
struct SoftwareHalf {
  static void widen16(const uint16_t* in, float* out) {
    for (int i = 0; i < kLanes; ++i) out[i] = widen(in[i]);
  }
  static void narrow16(const float* in, uint16_t* out) {
    for (int i = 0; i < kLanes; ++i) out[i] = narrow(in[i]);
  }
};

// The norm in beta is that of the decoded row.
template <class Conversion>
void encode_f16(uint32_t dim, uint64_t n, const float* x, std::byte* rows, float*, float* beta) {
  for (uint64_t i = 0; i < n; ++i, x += dim, rows += size_t{dim} * 2) {
    Norm norm;
    for (uint32_t j = 0; j < dim; j += kLanes) {
      const uint32_t count = dim - j < kLanes ? dim - j : kLanes;
      float floats[kLanes] = {};
      uint16_t halves[kLanes];
      __builtin_memcpy(floats, x + j, count * sizeof(float));
      Conversion::narrow16(floats, halves);
      __builtin_memcpy(rows + size_t{j} * 2, halves, count * sizeof(uint16_t));
      if (!beta) continue;
      Conversion::widen16(halves, floats);
      norm.add(floats);
    }
    if (beta) beta[i] = -norm.fold();
  }
}

}  // namespace
}  // namespace lilliput::LILLIPUT_TARGET
