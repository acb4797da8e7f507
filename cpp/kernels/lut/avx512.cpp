// One query against rows of word numbers with AVX-512.
#define LILLIPUT_TARGET avx512
#include "kernels/lut/lut512.h"
#include "kernels/lut/prepare512.h"
#include "kernels/lut/sieve512.h"
#include "kernels/lut/tiles.h"
#include "kernels/tables.h"

namespace lilliput::avx512 {
namespace {

constexpr Sieve sieve4 = kLutSieve<tables4, half_byte_table, sift4>;
constexpr Sieve sieve8 = kLutSieve<tables8, table8, sift8>;

}  // namespace

constinit const Kernels lut4 = {lut_query_bytes, lut_prepare512, lut4_block, lut4_gather,
                                nullptr,         &lut4_tile,     &sieve4};
constinit const Kernels lut8 = {lut_query_bytes, lut_prepare512, kLutBlock512<8>, kLutGather512<8>,
                                nullptr,         &lut8_tile,     &sieve8};

}  // namespace lilliput::avx512
