// The tables of every kernel file; `registry.cpp` hands them out.
#pragma once

#include "lilliput/codes.h"

namespace lilliput::portable {
extern const Kernels f32, f16, i8, bits;
}
namespace lilliput::avx2 {
extern const Kernels f32, f16, i8, bits;
}
namespace lilliput::avx512 {
extern const Kernels f32, f16, i8, bits;
}
namespace lilliput::amx {
extern const Tile f32, f16, i8, bits;  // one query is served by avx512
}
namespace lilliput::neon {
extern const Kernels f32, f16, i8, bits;
}
