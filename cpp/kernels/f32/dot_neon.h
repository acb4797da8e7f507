// The dot product of float rows by fused multiply-add, four lanes at a time.
#pragma once

#include <arm_neon.h>

#include "kernels/rows.h"

namespace lilliput::neon {
namespace {

// A Row loads 4 numbers as floats, kUnit of which make one.
struct F32Row {
  static constexpr uint32_t kBytes = 4;
  static constexpr float kUnit = 1.0f;
  static float32x4_t load(const std::byte* row) { return vld1q_f32(reinterpret_cast<const float*>(row)); }
};

struct F16Row {
  static constexpr uint32_t kBytes = 2;
  static constexpr float kUnit = 1.0f;
  static float32x4_t load(const std::byte* row) {
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(reinterpret_cast<const uint16_t*>(row))));
  }
};

struct BF16Row {
  static constexpr uint32_t kBytes = 2;
  static constexpr float kUnit = 1.0f;
  static float32x4_t load(const std::byte* row) {
    return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(reinterpret_cast<const uint16_t*>(row)), 16));
  }
};

inline uint8x8_t load_four_bytes(const std::byte* row) {
  uint32_t four;
  __builtin_memcpy(&four, row, sizeof four);
  return vreinterpret_u8_u32(vdup_n_u32(four));
}

// As a half, whose bias is larger by 8; bit 14 is a copy of the sign.
struct E4M3Row {
  static constexpr uint32_t kBytes = 1;
  static constexpr float kUnit = 256.0f;
  static float32x4_t load(const std::byte* row) {
    const int16x8_t shifted = vshll_n_s8(vreinterpret_s8_u8(load_four_bytes(row)), 7);
    const int16x4_t half = vbic_s16(vget_low_s16(shifted), vdup_n_s16(0x4000));
    return vcvt_f32_f16(vreinterpret_f16_s16(half));
  }
};

struct E5M2Row {
  static constexpr uint32_t kBytes = 1;
  static constexpr float kUnit = 1.0f;
  static float32x4_t load(const std::byte* row) {
    const uint16x8_t half = vshll_n_u8(load_four_bytes(row), 8);
    return vcvt_f32_f16(vreinterpret_f16_u16(vget_low_u16(half)));
  }
};

template <class Row>
class FloatDot {
 public:
  FloatDot(const Codes& codes, const std::byte* query)
      : dim_(codes.dim), query_(reinterpret_cast<const float*>(query + kQueryHead)) {}

  // Four sums hide the latency of the multiply-add; the tail goes through a copy, so nothing is read past a
  // row.
  float one(const std::byte* row) const {
    float32x4_t sum[4] = {vdupq_n_f32(0.0f), vdupq_n_f32(0.0f), vdupq_n_f32(0.0f), vdupq_n_f32(0.0f)};
    uint32_t i = 0;
    for (; i + 16 <= dim_; i += 16)
      for (uint32_t s = 0; s < 4; ++s)
        sum[s] = vfmaq_f32(sum[s], at(row, i + 4 * s), vld1q_f32(query_ + i + 4 * s));
    for (; i + 4 <= dim_; i += 4) sum[0] = vfmaq_f32(sum[0], at(row, i), vld1q_f32(query_ + i));
    if (i < dim_) {
      alignas(16) std::byte tail[16] = {};
      __builtin_memcpy(tail, row + size_t{i} * Row::kBytes, size_t{dim_ - i} * Row::kBytes);
      sum[1] = vfmaq_f32(sum[1], Row::load(tail), vld1q_f32(query_ + i));
    }
    return vaddvq_f32(vaddq_f32(vaddq_f32(sum[0], sum[1]), vaddq_f32(sum[2], sum[3]))) * Row::kUnit;
  }

  void four(const std::byte* const (&rows)[4], float* out) const {
    for (int r = 0; r < 4; ++r) out[r] = one(rows[r]);
  }

 private:
  static float32x4_t at(const std::byte* row, uint32_t i) { return Row::load(row + size_t{i} * Row::kBytes); }

  uint32_t dim_;
  const float* query_;
};

// One query at a time, with rows of any width.
template <class Row>
constexpr Kernels float_kernels(decltype(Kernels::encode) encode) {
  return {
      .query_bytes = float_query_bytes,
      .prepare = float_prepare,
      .block = block<FloatDot<Row>>,
      .gather = gather<FloatDot<Row>>,
      .encode = encode,
      .tile = nullptr,
  };
}

}  // namespace
}  // namespace lilliput::neon
