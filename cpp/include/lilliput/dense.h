// Float matrices, row by row: projection, normalisation, rotation, affine grids. Every instruction set gives
// the same bits: sums run over the input dimensions in ascending order, one f32 multiply and one f32 add a
// step, and width only spreads outputs.
#pragma once

#include "lilliput/codes.h"

namespace lilliput {

constexpr uint32_t kDirections = 32;

// Directions that errors of rounding are to avoid, zeros where there are fewer.
struct Directions {
  const float* of;     // (dim, kDirections)
  const float* norms;  // (dim): one more than the squares of a dimension's numbers
};

struct Dense {
  // y (n, out_dim) = (x - offset) @ matrix.T with matrix (out_dim, dim) packed first; offset may be null.
  size_t (*packed_floats)(uint32_t dim, uint32_t out_dim);
  void (*pack)(uint32_t dim, uint32_t out_dim, const float* matrix, float* packed);
  void (*project)(uint32_t dim, uint32_t out_dim, uint64_t n, const float* x, const float* packed,
                  const float* offset, float* y);
  // y = x, over |x| where `unit` (rows whose squared norm is zero become zeros), less the origin (dim) unless
  // it is null. Gives the greatest squared norm of the rows as they came. y may be x.
  float (*place)(uint32_t dim, uint64_t n, const float* x, bool unit, const float* origin, float* y);
  void (*norm2)(uint32_t dim, uint64_t n, const float* x, float* out);
  // Turns rows in place, orthogonally: each round flips signs (a set byte flips; signs is (rounds, dim)),
  // then applies the Walsh-Hadamard transform to the first p (even rounds) or last p (odd rounds)
  // coordinates, p the largest power of two up to dim. The inverse undoes it.
  void (*rotate)(uint32_t dim, uint64_t n, uint32_t rounds, const uint8_t* signs, bool inverse, float* x);
  // Each row as odd integers v of 1 to 8 bits, still floats, with alpha and shift: x is near shift + alpha *
  // v and has its mean and its length. beta is minus the squared length.
  void (*lines)(uint32_t dim, uint64_t n, uint32_t bits, const float* x, float* integers, float* alpha,
                float* shift, float* beta);
  // Each row x as odd integers v of 1 to 8 bits, still floats: at first those nearest to x / alpha, then such
  // that the error keeps clear of the directions. alpha becomes |x|^2 / dot(x, v), or 0.
  void (*settle)(uint32_t dim, uint64_t n, uint32_t bits, const float* x, const Directions& directions,
                 float* integers, float* alpha);
};

// Null where this build or this machine has none; amx is served by avx512.
const Dense* dense(Isa isa);

// y (n, out_dim): output j is the sum of its group of coordinates over the root of the group's size. `order`
// (dim) lists the coordinates of one group after the other, the larger groups first; a set byte of `signs`
// (dim, in that order) flips. The map's rows are orthonormal, and unfold applies its transpose.
void fold(uint32_t dim, uint32_t out_dim, uint64_t n, const uint32_t* order, const uint8_t* signs,
          const float* x, float* y);
void unfold(uint32_t dim, uint32_t out_dim, uint64_t n, const uint32_t* order, const uint8_t* signs,
            const float* y, float* x);

// y = x within [-limit, limit], n numbers.
void clamp(uint64_t n, float limit, const float* x, float* y);

// Rows of odd integers v, with which x is near shift + alpha * v, as bytes of (v - 1) / 2, with which it is
// near what alpha and shift become.
void halve(uint32_t dim, uint64_t n, const float* odd, int8_t* halves, float* alpha, float* shift);

// The first row with a NaN or an Inf, or n.
uint64_t first_bad(uint32_t dim, uint64_t n, const float* x);

}  // namespace lilliput
