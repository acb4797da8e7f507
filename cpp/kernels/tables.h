// The tables of every kernel file; `registry.cpp` hands them out. Weak: what no file defines is null.
#pragma once

#include "lilliput/codes.h"

#define LILLIPUT_KERNELS(name, ...) extern const Kernels name __attribute__((weak));
#define LILLIPUT_TILE(name, ...) extern const Tile name __attribute__((weak));

namespace lilliput::portable {
LILLIPUT_FAMILIES(LILLIPUT_KERNELS)
}
namespace lilliput::avx2 {
LILLIPUT_FAMILIES(LILLIPUT_KERNELS)
}
namespace lilliput::avx512 {
LILLIPUT_FAMILIES(LILLIPUT_KERNELS)
}
namespace lilliput::amx {
LILLIPUT_FAMILIES(LILLIPUT_TILE)  // one query is served by avx512
}
namespace lilliput::neon {
LILLIPUT_FAMILIES(LILLIPUT_KERNELS)
}

#undef LILLIPUT_KERNELS
#undef LILLIPUT_TILE
