// The nearest word on every instruction set; `words.cpp` picks one.
#pragma once

#include "lilliput/words.h"

namespace lilliput::portable {
extern const NearestWord nearest_word;
}
namespace lilliput::avx2 {
extern const NearestWord nearest_word;
}
namespace lilliput::avx512 {
extern const NearestWord nearest_word;
}
