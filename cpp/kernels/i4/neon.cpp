// int4 rows on aarch64.
#define LILLIPUT_TARGET neon
#include "kernels/i4/nibbles.h"
#include "kernels/i8/step_neon.h"
#include "kernels/rows.h"
#include "kernels/tables.h"

namespace lilliput::neon {
namespace {

class Dot {
 public:
  Dot(const Codes& codes, const std::byte* query)
      : bytes_(nibble_bytes(codes.dim)),
        sum_(head(query).sum),
        query_(reinterpret_cast<const int8_t*>(query + kQueryHead)) {}

  float one(const std::byte* row) const {
    int32x4_t low = vdupq_n_s32(0), high = vdupq_n_s32(0);
    for (uint32_t b = 0; b < bytes_; b += 16) {
      const int8_t* q = query_ + b / kHalf * kRun + b % kHalf;
      const uint8x16_t x = at(row, b);
      low = step(vreinterpretq_s8_u8(vandq_u8(x, vdupq_n_u8(15))), vld1q_s8(q), low);
      high = step(vreinterpretq_s8_u8(vshrq_n_u8(x, 4)), vld1q_s8(q + kHalf), high);
    }
    return static_cast<float>(vaddvq_s32(vaddq_s32(low, high)) - 8 * sum_);
  }

  void four(const std::byte* const (&rows)[4], float* out) const {
    for (int r = 0; r < 4; ++r) out[r] = one(rows[r]);
  }

 private:
  uint8x16_t at(const std::byte* row, uint32_t b) const {
    const uint8_t* x = reinterpret_cast<const uint8_t*>(row) + b;
    if (b + 16 <= bytes_) return vld1q_u8(x);
    alignas(16) uint8_t tail[16] = {};
    __builtin_memcpy(tail, x, bytes_ - b);
    return vld1q_u8(tail);
  }

  uint32_t bytes_;
  int32_t sum_;
  const int8_t* query_;
};

}  // namespace

constinit const Kernels i4 = {
    .query_bytes = i4_query_bytes,
    .prepare = i4_prepare,
    .block = block<Dot>,
    .gather = gather<Dot>,
    .encode = encode_i4,
    .tile = nullptr,
};

}  // namespace lilliput::neon
