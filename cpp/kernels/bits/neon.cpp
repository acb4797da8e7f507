// Rows of bits on aarch64: the query lies in four bit planes (two's complement: they weigh 1, 2, 4 and -8),
// and the bits that a row shares with each are counted. A byte then holds what eight dimensions add: within
// -64 and 56.
#define LILLIPUT_TARGET neon
#include <arm_neon.h>

#include "kernels/bits/signs.h"
#include "kernels/exact.h"
#include "kernels/rows.h"
#include "kernels/tables.h"

namespace lilliput::neon {
namespace {

constexpr int kPlanes = 4;
constexpr size_t kRowStep = 16;                    // bytes of a row
constexpr size_t kPlaneStep = kRowStep * kPlanes;  // bytes of the query beside them

size_t query_bytes(const Codes& of) {
  return kQueryHead + (bit_bytes(of.dim) + kRowStep - 1) / kRowStep * kPlaneStep;
}

void prepare(const Codes& of, const float* query, float bias, std::byte* out) {
  const uint32_t dim = of.dim;
  __builtin_memset(out, 0, query_bytes(of));
  const Grid grid(query, dim, kBitLevels);
  int32_t sum = 0;
  for (uint32_t i = 0; i < dim; i += 8) {
    int8_t codes[8];
    round_eight(query, dim, i, grid.inverse, codes);
    sum += sum_of(codes, 8);
    const size_t byte = i / 8;
    std::byte* step = out + kQueryHead + byte / kRowStep * kPlaneStep + byte % kRowStep;
    for (size_t plane = 0; plane < kPlanes; ++plane) {
      uint32_t set = 0;
      for (int b = 0; b < 8; ++b) set |= (static_cast<uint32_t>(codes[b]) >> plane & 1) << b;
      step[plane * kRowStep] = static_cast<std::byte>(set);
    }
  }
  write_head(out, grid.step, bias, sum);
}

class Dot {
 public:
  Dot(const Codes& codes, const std::byte* query)
      : bytes_(bit_bytes(codes.dim)),
        sum_(head(query).sum),
        planes_(reinterpret_cast<const uint8_t*>(query + kQueryHead)) {}

  float one(const std::byte* row) const {
    int32x4_t set = vdupq_n_s32(0);
    const uint8_t* planes = planes_;
    for (size_t i = 0; i < bytes_; i += kRowStep, planes += kPlaneStep) {
      alignas(16) uint8_t x[16] = {};
      __builtin_memcpy(x, row + i, bytes_ - i < 16 ? bytes_ - i : 16);
      set = vpadalq_s16(set, vpaddlq_s8(step(vld1q_u8(x), planes)));
    }
    return static_cast<float>(2 * vaddvq_s32(set) - sum_);
  }

  void four(const std::byte* const (&rows)[4], float* out) const {
    for (int r = 0; r < 4; ++r) out[r] = one(rows[r]);
  }

 private:
  static int8x16_t step(uint8x16_t x, const uint8_t* planes) {
    const uint8x16_t ones = vcntq_u8(vandq_u8(x, vld1q_u8(planes)));
    const uint8x16_t twos = vcntq_u8(vandq_u8(x, vld1q_u8(planes + kRowStep)));
    const uint8x16_t fours = vcntq_u8(vandq_u8(x, vld1q_u8(planes + 2 * kRowStep)));
    const uint8x16_t eights = vcntq_u8(vandq_u8(x, vld1q_u8(planes + 3 * kRowStep)));
    const uint8x16_t above = vaddq_u8(vaddq_u8(ones, vshlq_n_u8(twos, 1)), vshlq_n_u8(fours, 2));
    return vreinterpretq_s8_u8(vsubq_u8(above, vshlq_n_u8(eights, 3)));
  }

  size_t bytes_;
  int32_t sum_;
  const uint8_t* planes_;
};

}  // namespace

constinit const Kernels bits = {
    .query_bytes = query_bytes,
    .prepare = prepare,
    .block = block<Dot>,
    .gather = gather<Dot>,
    .encode = encode_bits,
    .tile = nullptr,
};

}  // namespace lilliput::neon
