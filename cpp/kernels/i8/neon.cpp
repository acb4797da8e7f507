// int8 rows on aarch64.
#define LILLIPUT_TARGET neon
#include "kernels/exact.h"
#include "kernels/i8/query.h"
#include "kernels/i8/step_neon.h"
#include "kernels/rows.h"
#include "kernels/tables.h"

namespace lilliput::neon {
namespace {

class Dot {
 public:
  Dot(const Codes& codes, const std::byte* query)
      : dim_(codes.dim), query_(reinterpret_cast<const int8_t*>(query + kQueryHead)) {}

  float one(const std::byte* row) const {
    const int8_t* x = reinterpret_cast<const int8_t*>(row);
    int32x4_t sum[2] = {vdupq_n_s32(0), vdupq_n_s32(0)};
    uint32_t i = 0;
    for (; i + 32 <= dim_; i += 32)
      for (uint32_t s = 0; s < 2; ++s)
        sum[s] = step(vld1q_s8(x + i + 16 * s), vld1q_s8(query_ + i + 16 * s), sum[s]);
    for (; i < dim_; i += 16) {
      alignas(16) int8_t tail[16] = {};
      __builtin_memcpy(tail, x + i, dim_ - i < 16 ? dim_ - i : 16);
      sum[0] = step(vld1q_s8(tail), vld1q_s8(query_ + i), sum[0]);
    }
    return static_cast<float>(vaddvq_s32(vaddq_s32(sum[0], sum[1])));
  }

  void four(const std::byte* const (&rows)[4], float* out) const {
    for (int r = 0; r < 4; ++r) out[r] = one(rows[r]);
  }

 private:
  uint32_t dim_;
  const int8_t* query_;
};

}  // namespace

constinit const Kernels i8 = {
    .query_bytes = i8_query_bytes,
    .prepare = i8_prepare,
    .block = block<Dot>,
    .gather = gather<Dot>,
    .encode = encode_i8,
    .tile = nullptr,
};

}  // namespace lilliput::neon
