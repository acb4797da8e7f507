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
  Dot(const Codes& codes, const std::byte* query)
      : codes_(codes), sum_(head(query).sum), query_(reinterpret_cast<const int8_t*>(query + kQueryHead)) {}

  float one(const std::byte* row) const {
    int32_t sum = 0;
    for (uint32_t at = 0; at < plane_bytes(codes_.dim); ++at) {
      const uint64_t u = eight_of<Bits>(codes_, row + at);
      uint8_t eight[8];
      __builtin_memcpy(eight, &u, 8);
      for (uint32_t i = 0; i < 8; ++i) sum += int16_t{eight[i]} * int16_t{query_[8 * at + i]};
    }
    return static_cast<float>(kSpacing<Bits> * sum - kTaken<Bits> * sum_);
  }

  void four(const std::byte* const (&rows)[4], float* out) const {
    for (int r = 0; r < 4; ++r) out[r] = one(rows[r]);
  }

 private:
  const Codes& codes_;
  int32_t sum_;
  const int8_t* query_;
};

template <uint32_t Bits>
constexpr Kernels kTable = {.query_bytes = i8_query_bytes,
                            .prepare = i8_prepare,
                            .block = block<Dot<Bits>>,
                            .gather = gather<Dot<Bits>>,
                            .encode = nullptr,
                            .tile = nullptr,
                            .encode_planes = encode_planes<Bits>};

}  // namespace

constinit const Kernels b2 = kTable<2>;
constinit const Kernels b3 = kTable<3>;
constinit const Kernels b4 = kTable<4>;
constinit const Kernels b5 = kTable<5>;
constinit const Kernels b6 = kTable<6>;
constinit const Kernels b7 = kTable<7>;
constinit const Kernels b8 = kTable<8>;

}  // namespace lilliput::portable
