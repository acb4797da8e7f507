// Projection and normalisation in vectors as wide as the file is compiled for. Vectors run across outputs,
// never along the sum, so that every width adds the same numbers in the same order.
#pragma once

#include "kernels/exact.h"
#include "lilliput/dense.h"

namespace lilliput::LILLIPUT_TARGET {
namespace {

constexpr uint32_t kRows = 6;            // rows whose sums stay in registers
constexpr uint32_t kStrip = 2 * kWidth;  // outputs whose sums stay in registers
constexpr uint32_t kChunk = 512;         // input dimensions between two visits of y

inline uint32_t strips(uint32_t out_dim) { return (out_dim + kStrip - 1) / kStrip; }

inline size_t packed_floats(uint32_t dim, uint32_t out_dim) { return size_t{strips(out_dim)} * kStrip * dim; }

// Four rows of four numbers from `from` on, turned into four columns of `to`.
inline void turn_four(const float* from, size_t stride, float* to) {
  typedef float Four __attribute__((vector_size(16)));
  typedef int32_t Places __attribute__((vector_size(16)));
  Four row[4], pair[4];
  for (int i = 0; i < 4; ++i) __builtin_memcpy(&row[i], from + i * stride, sizeof(Four));
  for (int i = 0; i < 2; ++i) {
    pair[i] = __builtin_shuffle(row[2 * i], row[2 * i + 1], Places{0, 4, 1, 5});
    pair[2 + i] = __builtin_shuffle(row[2 * i], row[2 * i + 1], Places{2, 6, 3, 7});
  }
  for (int i = 0; i < 4; ++i) {
    const Places places = i % 2 ? Places{2, 3, 6, 7} : Places{0, 1, 4, 5};
    const Four column = __builtin_shuffle(pair[i / 2 * 2], pair[i / 2 * 2 + 1], places);
    __builtin_memcpy(to + i * kStrip, &column, sizeof(Four));
  }
}

// packed[strip][k][output of the strip], zeros past the last output.
inline void pack(uint32_t dim, uint32_t out_dim, const float* matrix, float* packed) {
  for (uint32_t first = 0; first < out_dim; first += kStrip, packed += size_t{dim} * kStrip) {
    const float* rows = matrix + size_t{first} * dim;
    const uint32_t there = out_dim - first < kStrip ? out_dim - first : kStrip;
    const uint32_t fours = there / 4 * 4;
    uint32_t k = 0;
    for (; k + 4 <= dim; k += 4) {
      float* out = packed + size_t{k} * kStrip;
      for (uint32_t j = 0; j < fours; j += 4) turn_four(rows + size_t{j} * dim + k, dim, out + j);
      for (uint32_t j = fours; j < kStrip; ++j)
        for (uint32_t i = 0; i < 4; ++i)
          out[i * kStrip + j] = j < there ? rows[size_t{j} * dim + k + i] : 0.0f;
    }
    for (; k < dim; ++k)
      for (uint32_t j = 0; j < kStrip; ++j)
        packed[size_t{k} * kStrip + j] = j < there ? rows[size_t{j} * dim + k] : 0.0f;
  }
}

inline Vector vector_at(const float* from) {
  Vector v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

// sum[r] += x[r] * packed over `count` input dimensions; x is [kRows][kChunk].
template <uint32_t R>
inline void multiply(uint32_t count, const float* x, const float* packed, float (&sum)[kRows][kStrip]) {
  Vector s[R][2];
  for (uint32_t r = 0; r < R; ++r)
    for (uint32_t v = 0; v < 2; ++v) s[r][v] = vector_at(&sum[r][v * kWidth]);
  for (uint32_t k = 0; k < count; ++k, packed += kStrip) {
    const Vector m0 = vector_at(packed), m1 = vector_at(packed + kWidth);
    for (uint32_t r = 0; r < R; ++r) {
      s[r][0] += x[r * kChunk + k] * m0;
      s[r][1] += x[r * kChunk + k] * m1;
    }
  }
  for (uint32_t r = 0; r < R; ++r)
    for (uint32_t v = 0; v < 2; ++v) __builtin_memcpy(&sum[r][v * kWidth], &s[r][v], sizeof(Vector));
}

inline void multiply_rows(uint32_t rows, uint32_t count, const float* x, const float* packed,
                          float (&sum)[kRows][kStrip]) {
  switch (rows) {
    case 1:
      return multiply<1>(count, x, packed, sum);
    case 2:
      return multiply<2>(count, x, packed, sum);
    case 3:
      return multiply<3>(count, x, packed, sum);
    case 4:
      return multiply<4>(count, x, packed, sum);
    case 5:
      return multiply<5>(count, x, packed, sum);
    default:
      return multiply<kRows>(count, x, packed, sum);
  }
}

struct Projection {
  uint32_t dim, out_dim;
  const float *packed, *offset;
};

inline void project_chunk(const Projection& p, uint32_t rows, uint32_t from, const float* x, float* y) {
  const uint32_t count = p.dim - from < kChunk ? p.dim - from : kChunk;
  alignas(64) float shifted[kRows * kChunk];
  for (uint32_t r = 0; r < rows; ++r)
    for (uint32_t k = 0; k < count; ++k)
      shifted[r * kChunk + k] =
          p.offset ? x[size_t{r} * p.dim + from + k] - p.offset[from + k] : x[size_t{r} * p.dim + from + k];
  for (uint32_t first = 0; first < p.out_dim; first += kStrip) {
    const size_t bytes = (p.out_dim - first < kStrip ? p.out_dim - first : kStrip) * sizeof(float);
    alignas(64) float sum[kRows][kStrip] = {};
    for (uint32_t r = 0; from && r < rows; ++r)
      __builtin_memcpy(sum[r], y + size_t{r} * p.out_dim + first, bytes);
    multiply_rows(rows, count, shifted, p.packed + size_t{first} * p.dim + size_t{from} * kStrip, sum);
    for (uint32_t r = 0; r < rows; ++r) __builtin_memcpy(y + size_t{r} * p.out_dim + first, sum[r], bytes);
  }
}

inline void project(uint32_t dim, uint32_t out_dim, uint64_t n, const float* x, const float* packed,
                    const float* offset, float* y) {
  const Projection p{dim, out_dim, packed, offset};
  for (uint64_t i = 0; i < n; i += kRows, x += size_t{kRows} * dim, y += size_t{kRows} * out_dim) {
    const uint32_t rows = n - i < kRows ? static_cast<uint32_t>(n - i) : kRows;
    for (uint32_t from = 0; from < dim; from += kChunk) project_chunk(p, rows, from, x, y);
  }
}

template <bool Unit, bool Moved>
inline void place_row(uint32_t dim, const float* x, float square, const float* origin, float* y) {
  const float factor = square > 0.0f ? 1.0f / __builtin_sqrtf(square) : 0.0f;
  const bool nothing = Unit && !(square > 0.0f);
#pragma GCC ivdep
  for (uint32_t k = 0; k < dim; ++k) {
    const float scaled = Unit ? x[k] * factor : x[k];
    y[k] = (nothing ? 0.0f : scaled) - (Moved ? origin[k] : 0.0f);
  }
}

template <bool Unit, bool Moved>
inline float place_rows(uint32_t dim, uint64_t n, const float* x, const float* origin, float* y) {
  float most = 0.0f;
  for (uint64_t i = 0; i < n; ++i, x += dim, y += dim) {
    const float square = norm2(x, dim);
    most = square > most ? square : most;
    place_row<Unit, Moved>(dim, x, square, origin, y);
  }
  return most;
}

inline float place(uint32_t dim, uint64_t n, const float* x, bool unit, const float* origin, float* y) {
  if (unit) return (origin ? place_rows<true, true> : place_rows<true, false>)(dim, n, x, origin, y);
  return (origin ? place_rows<false, true> : place_rows<false, false>)(dim, n, x, origin, y);
}

inline void norms(uint32_t dim, uint64_t n, const float* x, float* out) {
  for (uint64_t i = 0; i < n; ++i) out[i] = norm2(x + i * dim, dim);
}

}  // namespace
}  // namespace lilliput::LILLIPUT_TARGET
