// One query against rows of word numbers with AVX-512.
#define LILLIPUT_TARGET avx512
#include "kernels/lut/lut512.h"
#include "kernels/lut/tiles.h"
#include "kernels/tables.h"

namespace lilliput::avx512 {

constinit const Kernels lut4 = {lut_query_bytes, lut_prepare, lut4_block, lut_gather<4>, nullptr, &lut4_tile};
constinit const Kernels lut8 = {lut_query_bytes, lut_prepare, lut_block<8>,
                                lut_gather<8>,   nullptr,     &lut8_tile};

}  // namespace lilliput::avx512
