// Arithmetic that every instruction set gives to the bit: norms, rounding, and what encoding is made of. It
// is written once, in vector types as wide as the file is compiled for; no step depends on the width, and no
// a*b+c is contracted.
#pragma once

#include "lilliput/codes.h"

#ifndef LILLIPUT_TARGET
#error "define LILLIPUT_TARGET as portable, avx2, avx512, amx or neon before this header"
#endif

namespace lilliput::LILLIPUT_TARGET {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif
typedef float Vector __attribute__((vector_size(kVectorBytes)));
constexpr int kWidth = kVectorBytes / 4;
constexpr int kLanes = 16;
constexpr int kParts = kLanes / kWidth;

inline int32_t bits_of(float x) { return __builtin_bit_cast(int32_t, x); }
inline float float_of(int32_t bits) { return __builtin_bit_cast(float, bits); }

inline Vector part_of(const float* lanes, int p) {
  Vector v;
  __builtin_memcpy(&v, lanes + p * kWidth, sizeof v);
  return v;
}

template <int Half>
inline float fold_vector(Vector v) {
  if constexpr (Half == 0) {
    return v[0];
  } else {
    typedef int32_t Places __attribute__((vector_size(kVectorBytes)));
    Places upper;
    for (int j = 0; j < kWidth; ++j) upper[j] = (j + Half) % kWidth;
    return fold_vector<Half / 2>(v + __builtin_shuffle(v, upper));
  }
}

// What 16 lanes hold together: lane j adds lane j + 8, then the lower eight add likewise, down to one.
inline float fold_lanes(const Vector (&part)[kParts]) {
  Vector held[kParts];
  __builtin_memcpy(held, part, sizeof held);
  for (int half = kParts / 2; half > 0; half /= 2)
    for (int p = 0; p < half; ++p) held[p] += held[p + half];
  return fold_vector<kWidth / 2>(held[0]);
}

// The squared norm in 16 lanes: lane j adds the squares of elements j, j + 16, ...; then the lanes fold.
class Norm {
 public:
  void add(const float* sixteen) {
    for (int p = 0; p < kParts; ++p) part_[p] += part_of(sixteen, p) * part_of(sixteen, p);
  }
  float fold() const { return fold_lanes(part_); }

 private:
  Vector part_[kParts] = {};
};

inline float norm2(const float* x, uint32_t dim) {
  Norm norm;
  uint32_t i = 0;
  for (; i + kLanes <= dim; i += kLanes) norm.add(x + i);
  if (i < dim) {
    float tail[kLanes] = {};
    __builtin_memcpy(tail, x + i, (dim - i) * sizeof(float));
    norm.add(tail);
  }
  return norm.fold();
}

// The squared norm of `dim` numbers that at(i) gives.
template <class At>
inline float norm2_of(uint32_t dim, const At& at) {
  Norm norm;
  float x[kLanes];
  uint32_t i = 0;
  for (; i + kLanes <= dim; i += kLanes) {
    for (uint32_t j = 0; j < kLanes; ++j) x[j] = at(i + j);
    norm.add(x);
  }
  if (i < dim) {
    for (uint32_t j = 0; j < kLanes; ++j) x[j] = i + j < dim ? at(i + j) : 0.0f;
    norm.add(x);
  }
  return norm.fold();
}

// The order of non-negative floats is that of their bits, and integers have a maximum on every machine.
inline float max_abs(const float* x, uint32_t dim) {
  int32_t most = 0;
  for (uint32_t i = 0; i < dim; ++i) {
    const int32_t magnitude = bits_of(x[i]) & 0x7fffffff;
    most = magnitude > most ? magnitude : most;
  }
  return float_of(most);
}

// A symmetric grid of 2 * levels + 1 steps over [-m, m]. Flat: m is zero, or so small that levels / m
// overflows.
struct Grid {
  float step = 1.0f, inverse = 1.0f;
  Grid() = default;
  Grid(const float* x, uint32_t dim, float levels) {
    const float m = max_abs(x, dim);
    inverse = levels / m;
    const bool flat = m == 0.0f || inverse == __builtin_inff();
    step = flat ? 0.0f : m / levels;
    if (flat) inverse = 0.0f;
  }
};

// out = rint(x * inverse), half to even: adding 1.5 * 2^23 leaves the integer in the low bits of the
// mantissa. No clamp is needed, since |x| * (levels / max|x|) exceeds the levels by a part in 2^22 at most
// and rounds back.
template <class Integer>
inline void round_each(const float* x, uint32_t dim, float inverse, Integer* out) {
  for (uint32_t i = 0; i < dim; ++i) out[i] = static_cast<Integer>(bits_of(x[i] * inverse + 12582912.0f));
}

// Bytes of what of(V) makes of numbers, as floats whose lowest bits are the byte; V is a float or a vector.
// Compilers make no vectors of comparisons that could trap.
template <class Byte, class Of>
inline void to_bytes(const float* x, uint32_t dim, const Of& of, Byte* out) {
  uint32_t i = 0;
  for (; i + kLanes <= dim; i += kLanes) {
    int32_t lanes[kLanes];
    for (int p = 0; p < kParts; ++p) {
      const Vector v = of(part_of(x + i, p));
      __builtin_memcpy(lanes + p * kWidth, &v, sizeof v);
    }
    for (int j = 0; j < kLanes; ++j) out[i + j] = static_cast<Byte>(lanes[j]);
  }
  for (; i < dim; ++i) out[i] = static_cast<Byte>(bits_of(of(x[i])));
}

// The same for numbers of any size, which are held within the levels first.
inline void round_within(const float* x, uint32_t dim, float inverse, float levels, int8_t* out) {
  to_bytes(
      x, dim,
      [&]<class V>(V v) {
        const V scaled = v * inverse, most = V{} + levels, low = scaled < -most ? -most : scaled;
        return (low > most ? most : low) + 12582912.0f;
      },
      out);
}

template <class Integer>
inline int32_t sum_of(const Integer* x, uint32_t dim) {
  int32_t sum = 0;
  for (uint32_t i = 0; i < dim; ++i) sum += x[i];
  return sum;
}

inline int32_t sum_of_squares(const int8_t* x, uint32_t dim) {
  int32_t sum = 0;
  for (uint32_t i = 0; i < dim; ++i) sum += int16_t{x[i]} * int16_t{x[i]};
  return sum;
}

inline void encode_f32(uint32_t dim, uint64_t n, const float* x, std::byte* rows, float*, float* beta) {
  if (n == 0) return;  // memcpy wants pointers even for nothing
  __builtin_memcpy(rows, x, n * dim * sizeof(float));
  for (uint64_t i = 0; beta && i < n; ++i) beta[i] = -norm2(x + i * dim, dim);
}

inline void encode_i8(uint32_t dim, uint64_t n, const float* x, std::byte* rows, float* alpha, float* beta) {
  for (uint64_t i = 0; i < n; ++i, x += dim, rows += dim) {
    const Grid grid = alpha ? Grid(x, dim, 127.0f) : Grid();
    int8_t* codes = reinterpret_cast<int8_t*>(rows);
    round_within(x, dim, grid.inverse, 127.0f, codes);
    if (alpha) alpha[i] = grid.step;
    if (beta) beta[i] = -(grid.step * grid.step) * static_cast<float>(sum_of_squares(codes, dim));
  }
}

}  // namespace
}  // namespace lilliput::LILLIPUT_TARGET
