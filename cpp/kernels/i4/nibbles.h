// Rows of numbers from -7 to 7, kept as a nibble each, 8 more. A run is 128 dimensions, or what is left of
// them: byte j of a run of r holds dimension j low and dimension h + j high, h being half of r rounded up.
// So both halves of a run lie in order, and so do the queries: 64 numbers for the low nibbles of a run, 64
// for the high ones, zeros where there are none.
#pragma once

#include "kernels/exact.h"

namespace lilliput::LILLIPUT_TARGET {
namespace {

constexpr float kNibbleLevels = 7.0f;
constexpr uint32_t kRun = 128;        // dimensions
constexpr uint32_t kHalf = kRun / 2;  // bytes of a run

inline uint32_t nibble_bytes(uint32_t dim) { return (dim + 1) / 2; }

// The numbers of a run that fill its low nibbles, and those that fill its high ones.
struct Halves128 {
  uint32_t low, high;
  explicit Halves128(uint32_t left) {
    const uint32_t length = left < kRun ? left : kRun;
    low = (length + 1) / 2;
    high = length - low;
  }
};

inline size_t i4_query_bytes(const Codes& of) {
  return kQueryHead + (size_t{of.dim} + kRun - 1) / kRun * kRun;
}

inline void i4_prepare(const Codes& of, const float* query, float bias, std::byte* out) {
  const uint32_t dim = of.dim;
  const Grid grid(query, dim, 127.0f);
  int8_t* codes = reinterpret_cast<int8_t*>(out + kQueryHead);
  const uint32_t length = static_cast<uint32_t>(i4_query_bytes(of) - kQueryHead);
  __builtin_memset(out, 0, i4_query_bytes(of));
  for (uint32_t i = 0; i < dim; i += kRun) {
    const Halves128 half(dim - i);
    round_each(query + i, half.low, grid.inverse, codes + i);
    round_each(query + i + half.low, half.high, grid.inverse, codes + i + kHalf);
  }
  *reinterpret_cast<QueryHead*>(out) = {grid.step, bias, sum_of(codes, length)};
}

inline void encode_i4(uint32_t dim, uint64_t n, const float* x, std::byte* rows, float* alpha, float* beta) {
  for (uint64_t r = 0; r < n; ++r, x += dim, rows += nibble_bytes(dim)) {
    const Grid grid = alpha ? Grid(x, dim, kNibbleLevels) : Grid();
    int32_t squares = 0;
    for (uint32_t i = 0; i < dim; i += kRun) {
      const Halves128 half(dim - i);
      int8_t codes[kRun] = {};
      round_within(x + i, half.low, grid.inverse, kNibbleLevels, codes);
      round_within(x + i + half.low, half.high, grid.inverse, kNibbleLevels, codes + kHalf);
      squares += sum_of_squares(codes, kRun);
      for (uint32_t j = 0; j < half.low; ++j)
        rows[i / 2 + j] = static_cast<std::byte>((codes[j] + 8) | (codes[kHalf + j] + 8) << 4);
    }
    if (alpha) alpha[r] = grid.step;
    if (beta) beta[r] = -(grid.step * grid.step) * static_cast<float>(squares);
  }
}

// The numbers of a row, a byte each.
inline void expand_nibbles(const std::byte* row, uint32_t dim, std::byte* out) {
  typedef uint8_t Bytes __attribute__((vector_size(kHalf)));
  uint32_t whole = 0;
  for (; whole + kRun <= dim; whole += kRun, row += kHalf, out += kRun) {
    Bytes pairs;
    __builtin_memcpy(&pairs, row, sizeof pairs);
    const Bytes low = (pairs & 15) - 8, high = (pairs >> 4) - 8;
    __builtin_memcpy(out, &low, sizeof low);
    __builtin_memcpy(out + kHalf, &high, sizeof high);
  }
  for (uint32_t i = whole; i < dim; i += kRun, row += kHalf, out += kRun) {
    const Halves128 half(dim - i);
    const uint8_t* nibbles = reinterpret_cast<const uint8_t*>(row);
    for (uint32_t j = 0; j < half.low; ++j) out[j] = static_cast<std::byte>((nibbles[j] & 15) - 8);
    for (uint32_t j = 0; j < half.high; ++j)
      out[half.low + j] = static_cast<std::byte>((nibbles[j] >> 4) - 8);
  }
}

}  // namespace
}  // namespace lilliput::LILLIPUT_TARGET
