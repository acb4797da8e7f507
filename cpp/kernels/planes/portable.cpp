// Planes in the arithmetic of the baseline machine.
#define LILLIPUT_TARGET portable
#include "kernels/i8/query.h"
#include "kernels/planes/planes.h"
#include "kernels/rows.h"
#include "kernels/tables.h"

namespace lilliput::portable {
namespace {

// Of numbers as planes hold them, but of eight bits with their signs.
template <uint32_t Bits, class Number>
class Dot {
 public:
  Dot(const Codes& codes, const std::byte* query)
      : codes_(codes), sum_(head(query).sum), query_(reinterpret_cast<const Number*>(query + kQueryHead)) {}

  float one(const std::byte* row) const {
    int32_t sum = 0;
    for (uint32_t at = 0; at < plane_bytes(codes_.dim); ++at) {
      const uint64_t u = eight_of<Bits>(codes_, row + at);
      uint8_t eight[8];
      __builtin_memcpy(eight, &u, 8);
      for (uint32_t i = 0; i < 8; ++i) sum += (eight[i] - kZero) * query_[8 * at + i];
    }
    return static_cast<float>(kOdd<Bits> ? 2 * sum - kTaken<Bits> * sum_ : sum);
  }

  void four(const std::byte* const (&rows)[4], float* out) const {
    for (int r = 0; r < 4; ++r) out[r] = one(rows[r]);
  }

 private:
  static constexpr int32_t kZero = kOdd<Bits> ? 0 : kTaken<Bits>;

  const Codes& codes_;
  int32_t sum_;
  const Number* query_;
};

template <uint32_t Bits, class Number = int8_t>
constexpr Kernels kTable = {.query_bytes = kOdd<Bits> ? i8_query_bytes : shorts_query_bytes,
                            .prepare = kOdd<Bits> ? i8_prepare : shorts_prepare,
                            .block = block<Dot<Bits, Number>>,
                            .gather = gather<Dot<Bits, Number>>,
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
constinit const Kernels b8 = kTable<8, int16_t>;

}  // namespace lilliput::portable
