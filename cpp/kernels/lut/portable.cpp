// Rows of word numbers in the arithmetic of the baseline machine.
#define LILLIPUT_TARGET portable
#include "kernels/lut/lut.h"
#include "kernels/tables.h"

namespace lilliput::portable {

constinit const Kernels lut4 = {lut_query_bytes, lut_prepare, kLutBlock<4>, kLutGather<4>, nullptr, nullptr};
constinit const Kernels lut8 = {lut_query_bytes, lut_prepare, kLutBlock<8>, kLutGather<8>, nullptr, nullptr};

}  // namespace lilliput::portable
