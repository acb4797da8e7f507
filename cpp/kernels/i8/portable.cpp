// int8 rows in the arithmetic of the baseline machine.
#define LILLIPUT_TARGET portable
#include "kernels/exact.h"
#include "kernels/i8/query.h"
#include "kernels/rows.h"
#include "kernels/tables.h"

namespace lilliput::portable {
namespace {

class Dot {
 public:
  Dot(const Codes& codes, const std::byte* query)
      : dim_(codes.dim), query_(reinterpret_cast<const int8_t*>(query + kQueryHead)) {}

  float one(const std::byte* row) const {
    const int8_t* x = reinterpret_cast<const int8_t*>(row);
    int32_t sum = 0;
    for (uint32_t i = 0; i < dim_; ++i) sum += int16_t{x[i]} * int16_t{query_[i]};
    return static_cast<float>(sum);
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

}  // namespace lilliput::portable
