// Rows of word numbers, as the int8 numbers that their words stand for: the tiles of int8 then give the same
// integers as the tables of one query.
#pragma once

#include "kernels/rows.h"

namespace lilliput::LILLIPUT_TARGET {
namespace {

template <uint32_t Bits>
inline uint32_t word_of(const std::byte* row, uint32_t part) {
  if constexpr (Bits == 8) return static_cast<uint32_t>(row[part]);
  const uint32_t pair = static_cast<uint32_t>(row[part / 2]);
  return part % 2 ? pair >> 4 : pair & 15;
}

// Integers add up in any order; this is the one rounding of them.
inline float lut_beta(const Codebook& book, int32_t norms) { return static_cast<float>(norms) * book.unit; }

inline float lut_alpha(const Codebook& book, int32_t norms) {
  const Lengths& of = *book.lengths;
  const float square = static_cast<float>(norms) * book.unit;
  if (square > of.most) return 1.0f / (of.at + of.slope * square);
  return 1.0f / __builtin_sqrtf(square > of.least ? square : of.least);
}

// What a panel's rows stand for: int8 rows `stride` bytes apart and zero past their end, with their
// factors or betas, as a view that the tiles of int8 read. `view` and `factors` lie behind the rows.
struct Decoded {
  Codes* view;
  float* factors;
  Decoded(std::byte* memory, size_t row_bytes, uint32_t n)
      : view(reinterpret_cast<Codes*>(memory + padded(row_bytes))),
        factors(reinterpret_cast<float*>(memory + padded(row_bytes) + padded(sizeof(Codes)))) {
    (void)n;
  }
};

inline size_t decoded_bytes(size_t row_bytes, uint32_t n) {
  return padded(row_bytes) + padded(sizeof(Codes)) + padded(size_t{n} * sizeof(float));
}

template <uint32_t Bits, uint32_t Width>
inline void decode_row(const Codebook& book, const std::byte* row, std::byte* out) {
  const uint32_t width = Width ? Width : book.width;
  const int8_t* words = book.words;
  for (uint32_t part = 0; part < book.parts; ++part, words += size_t{width} << Bits, out += width)
    __builtin_memcpy(out, words + word_of<Bits>(row, part) * width, width);
}

template <uint32_t Bits, uint32_t Width>
inline void decode_rows(const Panel& panel, size_t stride, std::byte* out) {
  const Codes& codes = *panel.codes;
  for (uint32_t r = 0; r < panel.n; ++r, out += stride) {
    __builtin_memset(out + codes.dim, 0, stride - codes.dim);
    decode_row<Bits, Width>(*codes.book, codes.rows + size_t{r} * codes.row_bytes, out);
  }
}

template <uint32_t Bits>
inline void decode_panel(Panel& panel, size_t stride, size_t row_bytes, std::byte* memory) {
  const Codes& codes = *panel.codes;
  const Codebook& book = *codes.book;
  const auto decode = book.width == 4   ? decode_rows<Bits, 4>
                      : book.width == 8 ? decode_rows<Bits, 8>
                      : book.width == 2 ? decode_rows<Bits, 2>
                      : book.width == 1 ? decode_rows<Bits, 1>
                                        : decode_rows<Bits, 0>;
  decode(panel, stride, memory);
  const Decoded decoded(memory, row_bytes, panel.n);
  *decoded.view = codes;
  if (book.norms) {
    for (uint32_t r = 0; r < panel.n; ++r) {
      const std::byte* row = codes.rows + size_t{r} * codes.row_bytes;
      int32_t sum = 0;
      for (uint32_t part = 0; part < book.parts; ++part)
        sum += book.norms[(part << Bits) + word_of<Bits>(row, part)];
      decoded.factors[r] = book.lengths ? lut_alpha(book, sum) : lut_beta(book, sum);
    }
    (book.lengths ? decoded.view->alpha : decoded.view->beta) = decoded.factors;
  }
  panel.codes = decoded.view;
  panel.rows = memory;
  panel.stride = stride;
}

}  // namespace
}  // namespace lilliput::LILLIPUT_TARGET
