// Floats of one or two bytes, in integer steps: nearest, ties to even, and what is too large becomes the
// largest finite number. No step makes a subnormal float out of an ordinary one, so flushing modes of the
// process change nothing.
//
// Micikevicius et al., "FP8 formats for deep learning", 2022.
#pragma once

#include "kernels/exact.h"

namespace lilliput::LILLIPUT_TARGET {
namespace {

// No infinities; all ones are NaN.
struct E4M3 {
  static constexpr int kMantissa = 3, kBias = 7;
  static constexpr int32_t kMost = 0x7e;
  static constexpr float kLargest = 448.0f;
};

// The upper byte of an IEEE half.
struct E5M2 {
  static constexpr int kMantissa = 2, kBias = 15;
  static constexpr int32_t kMost = 0x7b;
  static constexpr float kLargest = 57344.0f;
};

constexpr float power_of_two(int exponent) { return __builtin_bit_cast(float, (127 + exponent) << 23); }

template <class Format>
struct Small {
  static constexpr int kShift = 23 - Format::kMantissa;
  static constexpr int kSubnormal = 1 - Format::kBias - Format::kMantissa;  // exponent of the smallest step

  static uint8_t narrow(float x) {
    const int32_t magnitude = bits_of(x) & 0x7fffffff;
    const int32_t rounded = (magnitude + (1 << (kShift - 1)) - 1 + (magnitude >> kShift & 1)) >> kShift;
    const int32_t normal = rounded - ((127 - Format::kBias) << Format::kMantissa);
    constexpr float kUnit = power_of_two(kSubnormal + 23);  // whose last place is the subnormal step
    const int32_t tiny = bits_of(float_of(magnitude) + kUnit) - bits_of(kUnit);
    const int32_t code = magnitude < (128 - Format::kBias) << 23 ? tiny : normal;
    const int32_t sign = bits_of(x) >> 24 & 0x80;
    return static_cast<uint8_t>((code < Format::kMost ? code : Format::kMost) | sign);
  }

  // Codes beyond kMost, which are never written, read as the numbers that they would be.
  static float widen(uint8_t code) {
    const int32_t magnitude = code & 0x7f, sign = int32_t{code & 0x80} << 24;
    const int32_t normal = (magnitude << kShift) + ((127 - Format::kBias) << 23);
    const int32_t tiny = bits_of(static_cast<float>(magnitude) * power_of_two(kSubnormal));
    return float_of((magnitude < 1 << Format::kMantissa ? tiny : normal) | sign);
  }
};

inline uint16_t narrow_bf16(float x) {
  constexpr int32_t kMost = 0x7f7f;
  const int32_t magnitude = bits_of(x) & 0x7fffffff;
  const int32_t rounded = (magnitude + 0x7fff + (magnitude >> 16 & 1)) >> 16;
  return static_cast<uint16_t>((rounded < kMost ? rounded : kMost) | (bits_of(x) >> 16 & 0x8000));
}

inline float widen_bf16(uint16_t code) { return float_of(int32_t{code} << 16); }

inline void encode_bf16(uint32_t dim, uint64_t n, const float* x, std::byte* rows, float*, float* beta) {
  for (uint64_t i = 0; i < n; ++i, x += dim, rows += size_t{dim} * 2) {
    uint16_t* row = reinterpret_cast<uint16_t*>(rows);
    for (uint32_t j = 0; j < dim; ++j) row[j] = narrow_bf16(x[j]);
    if (beta) beta[i] = -norm2_of(dim, [row](uint32_t j) { return widen_bf16(row[j]); });
  }
}

// The largest number of a row becomes the largest of the format.
template <class Format>
void encode_small(uint32_t dim, uint64_t n, const float* x, std::byte* rows, float* alpha, float* beta) {
  for (uint64_t i = 0; i < n; ++i, x += dim, rows += dim) {
    const Grid grid = alpha ? Grid(x, dim, Format::kLargest) : Grid();
    uint8_t* row = reinterpret_cast<uint8_t*>(rows);
    for (uint32_t j = 0; j < dim; ++j) row[j] = Small<Format>::narrow(x[j] * grid.inverse);
    if (alpha) alpha[i] = grid.step;
    if (!beta) continue;
    const float squares = norm2_of(dim, [row](uint32_t j) { return Small<Format>::widen(row[j]); });
    beta[i] = -(squares * grid.step * grid.step);
  }
}

}  // namespace
}  // namespace lilliput::LILLIPUT_TARGET
