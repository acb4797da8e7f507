// The dense tables of every instruction set; `registry.cpp` hands them out.
#pragma once

#include "lilliput/dense.h"

namespace lilliput::portable {
extern const Dense dense;
}
namespace lilliput::avx2 {
extern const Dense dense;
}
namespace lilliput::avx512 {
extern const Dense dense;
}
namespace lilliput::neon {
extern const Dense dense;
}
