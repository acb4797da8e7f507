// Rows of word numbers with AVX2: tables for one query; for many, the int8 numbers that rows stand for.
#define LILLIPUT_TARGET avx2
#include "kernels/i8/shorts_avx2.h"
#include "kernels/lut/sieve_avx2.h"
#include "kernels/tables.h"

namespace lilliput::avx2 {
namespace {

// The rows as int8 lie behind the widened ones, and their betas behind them.
size_t panel_bytes(uint32_t dim, uint32_t n) {
  return shorts_panel_bytes(dim, n) + decoded_bytes(size_t{n} * padded(dim), n);
}

template <uint32_t Bits>
void load(Panel& panel, std::byte* memory) {
  const uint32_t dim = panel.codes->dim;
  const size_t stride = padded(dim);
  std::byte* bytes = memory + shorts_panel_bytes(dim, panel.n);
  decode_panel<Bits>(panel, stride, panel.n * stride, bytes);
  shorts_begin(panel, memory);
  for (uint32_t r = 0; r < panel.n; ++r) widen_row(bytes + r * stride, dim, memory + r * panel.stride);
}

template <uint32_t Bits>
constexpr Tile kTile = {
    .least_queries = Bits == 4 ? 64 : 32,
    .group_bytes = shorts_group_bytes,
    .pack = shorts_pack,
    .panel_bytes = panel_bytes,
    .load = load<Bits>,
    .dense = shorts_dense,
    .fused = nullptr,
};

constexpr Sieve sieve4 = kLutSieve<tables4, table4, sift4>;
constexpr Sieve sieve8 = kLutSieve<tables8, table8, sift8>;

}  // namespace

constinit const Kernels lut4 = {lut_query_bytes, lut_prepare, kLutBlock<4>, kLutGather<4>,
                                nullptr,         &kTile<4>,   &sieve4};
constinit const Kernels lut8 = {lut_query_bytes, lut_prepare, kLutBlock<8>, kLutGather<8>,
                                nullptr,         &kTile<8>,   &sieve8};

}  // namespace lilliput::avx2
