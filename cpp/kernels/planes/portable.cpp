// Planes in the arithmetic of the baseline machine.
#define LILLIPUT_TARGET portable
#include "kernels/i8/query.h"
#include "kernels/planes/planes.h"
#include "kernels/rows.h"
#include "kernels/tables.h"

namespace lilliput::portable {
namespace {

template <uint32_t Bits>
class Dot {
 public:
  Dot(uint32_t dim, const std::byte* query)
      : dim_(dim), sum_(head(query).sum), query_(reinterpret_cast<const int8_t*>(query + kQueryHead)) {}

  float one(const std::byte* row) const {
    int32_t sum = 0;
    for (uint32_t at = 0; at < plane_bytes(dim_); ++at) {
      const uint64_t u = eight_of<Bits>(row, dim_, at);
      uint8_t eight[8];
      __builtin_memcpy(eight, &u, 8);
      for (uint32_t i = 0; i < 8; ++i) sum += int16_t{eight[i]} * int16_t{query_[8 * at + i]};
    }
    return static_cast<float>(2 * sum - kEnds<Bits> * sum_);
  }

  void four(const std::byte* const (&rows)[4], float* out) const {
    for (int r = 0; r < 4; ++r) out[r] = one(rows[r]);
  }

 private:
  uint32_t dim_;
  int32_t sum_;
  const int8_t* query_;
};

template <uint32_t Bits>
constexpr Kernels kTable = {i8_query_bytes,    i8_prepare,          block<Dot<Bits>>,
                            gather<Dot<Bits>>, encode_planes<Bits>, nullptr};

}  // namespace

constinit const Kernels b2 = kTable<2>;
constinit const Kernels b3 = kTable<3>;
constinit const Kernels b4 = kTable<4>;
constinit const Kernels b5 = kTable<5>;
constinit const Kernels b6 = kTable<6>;
constinit const Kernels b7 = kTable<7>;

}  // namespace lilliput::portable
