// Every family of kernels, one line each: its name, its number in files (append-only), the bits of one number
// of a row, and what a row is: floats, whose sums depend on their order; integers, whose sums are exact; or
// planes, which are integers whose bits lie apart, each plane in whole bytes.
//
// A family has its kernels in kernels/<name>/<isa>.cpp. The portable ones must be there; an instruction set
// without a file of its own takes those of the next weaker one.
#pragma once

#define LILLIPUT_FAMILIES(X) \
  X(f32, 0, 32, floats)      \
  X(f16, 1, 16, floats)      \
  X(bf16, 2, 16, floats)     \
  X(e4m3, 3, 8, floats)      \
  X(e5m2, 4, 8, floats)      \
  X(i8, 5, 8, integers)      \
  X(i4, 6, 4, integers)      \
  X(bits, 7, 1, integers)    \
  X(lut4, 8, 4, integers)    \
  X(lut8, 9, 8, integers)    \
  X(b2, 10, 2, planes)       \
  X(b3, 11, 3, planes)       \
  X(b4, 12, 4, planes)       \
  X(b5, 13, 5, planes)       \
  X(b6, 14, 6, planes)       \
  X(b7, 15, 7, planes)       \
  X(b8, 16, 8, planes)
