// Every family of kernels, one line each: its name, its number in files (append-only), the bits of one number
// of a row, and what a product sums: integers are exact in any order, floats are not.
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
  X(lut8, 9, 8, integers)
