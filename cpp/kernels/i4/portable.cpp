// int4 rows in the arithmetic of the baseline machine.
#define LILLIPUT_TARGET portable
#include "kernels/i4/nibbles.h"
#include "kernels/rows.h"
#include "kernels/tables.h"

namespace lilliput::portable {
namespace {

class Dot {
 public:
  Dot(const Codes& codes, const std::byte* query)
      : bytes_(nibble_bytes(codes.dim)),
        sum_(head(query).sum),
        query_(reinterpret_cast<const int8_t*>(query + kQueryHead)) {}

  float one(const std::byte* row) const {
    const uint8_t* x = reinterpret_cast<const uint8_t*>(row);
    const int8_t* q = query_;
    int32_t sum = 0;
    for (uint32_t b = 0; b < bytes_; b += kHalf, q += kRun) {
      const uint32_t end = bytes_ - b < kHalf ? bytes_ - b : kHalf;
      for (uint32_t j = 0; j < end; ++j)
        sum += int16_t(x[b + j] & 15) * int16_t{q[j]} + int16_t(x[b + j] >> 4) * int16_t{q[kHalf + j]};
    }
    return static_cast<float>(sum - 8 * sum_);
  }

  void four(const std::byte* const (&rows)[4], float* out) const {
    for (int r = 0; r < 4; ++r) out[r] = one(rows[r]);
  }

 private:
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

}  // namespace lilliput::portable
