// Rows of bits in the arithmetic of the baseline machine: the query becomes, for each byte of a row, the sums
// of its 256 values (at most 8 * 7 = 56, so a byte holds them).
#define LILLIPUT_TARGET portable
#include "kernels/bits/signs.h"
#include "kernels/exact.h"
#include "kernels/rows.h"
#include "kernels/tables.h"

namespace lilliput::portable {
namespace {

constexpr size_t kTable = 256;

size_t query_bytes(const Codes& of) { return kQueryHead + kTable * bit_bytes(of.dim); }

void prepare(const Codes& of, const float* query, float bias, std::byte* out) {
  const uint32_t dim = of.dim;
  const Grid grid(query, dim, kBitLevels);
  int8_t* table = reinterpret_cast<int8_t*>(out + kQueryHead);
  int32_t sum = 0;
  for (uint32_t i = 0; i < dim; i += 8, table += kTable) {
    int8_t codes[8];
    round_eight(query, dim, i, grid.inverse, codes);
    sum += sum_of(codes, 8);
    table[0] = 0;
    for (int bit = 0; bit < 8; ++bit)
      for (int low = 0; low < 1 << bit; ++low)
        table[(1 << bit) + low] = static_cast<int8_t>(table[low] + codes[bit]);
  }
  write_head(out, grid.step, bias, sum);
}

class Dot {
 public:
  Dot(const Codes& codes, const std::byte* query)
      : bytes_(bit_bytes(codes.dim)),
        sum_(head(query).sum),
        table_(reinterpret_cast<const int8_t*>(query + kQueryHead)) {}

  float one(const std::byte* row) const {
    int32_t set = 0;
    for (size_t i = 0; i < bytes_; ++i) set += table_[i * kTable + static_cast<uint8_t>(row[i])];
    return static_cast<float>(2 * set - sum_);
  }

  void four(const std::byte* const (&rows)[4], float* out) const {
    int32_t set[4] = {};
    for (size_t i = 0; i < bytes_; ++i)
      for (int r = 0; r < 4; ++r) set[r] += table_[i * kTable + static_cast<uint8_t>(rows[r][i])];
    for (int r = 0; r < 4; ++r) out[r] = static_cast<float>(2 * set[r] - sum_);
  }

 private:
  size_t bytes_;
  int32_t sum_;
  const int8_t* table_;
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

}  // namespace lilliput::portable
