// One query against rows of word numbers: a table of its dot products with every word, exact in int32, then a
// sum of entries a row.
#pragma once

#include "kernels/exact.h"
#include "kernels/lut/decode.h"

namespace lilliput::LILLIPUT_TARGET {
namespace {

inline size_t lut_query_bytes(const Codes& of) {
  return kQueryHead + padded(size_t{of.book->parts} * of.book->entries * sizeof(int32_t)) + padded(of.dim);
}

inline void lut_prepare(const Codes& of, const float* query, float bias, std::byte* out) {
  const Codebook& book = *of.book;
  const Grid grid(query, of.dim, 127.0f);
  int32_t* table = reinterpret_cast<int32_t*>(out + kQueryHead);
  int8_t* codes = reinterpret_cast<int8_t*>(out + kQueryHead +
                                            padded(size_t{book.parts} * book.entries * sizeof(int32_t)));
  round_to_bytes(query, of.dim, grid.inverse, codes);
  const int8_t* word = book.words;
  for (uint32_t part = 0; part < book.parts; ++part, codes += book.width)
    for (uint32_t k = 0; k < book.entries; ++k, word += book.width, ++table) {
      int32_t dot = 0;
      for (uint32_t i = 0; i < book.width; ++i) dot += int16_t{codes[i]} * int16_t{word[i]};
      *table = dot;
    }
  write_head(out, grid.step, bias, 0);
}

template <uint32_t Bits, bool Norms>
inline float lut_score(const Codes& codes, const std::byte* row, const std::byte* query) {
  const Codebook& book = *codes.book;
  const int32_t* table = reinterpret_cast<const int32_t*>(query + kQueryHead);
  const int32_t* norms = book.norms;
  int32_t dot = 0, sum = 0;
  for (uint32_t part = 0; part < book.parts; ++part) {
    const uint32_t at = (part << Bits) + word_of<Bits>(row, part);
    dot += table[at];
    if constexpr (Norms) sum += norms[at];
  }
  const float score = static_cast<float>(dot) * head(query).scale;
  return (Norms ? score + lut_beta(book, sum) : score) + head(query).bias;
}

template <uint32_t Bits>
void lut_block(const Codes& codes, uint64_t first, uint32_t n, const std::byte* query, float* scores) {
  const std::byte* row = codes.rows + first * codes.row_bytes;
  const auto score = codes.book->norms ? lut_score<Bits, true> : lut_score<Bits, false>;
  for (uint32_t i = 0; i < n; ++i, row += codes.row_bytes) scores[i] = score(codes, row, query);
}

template <uint32_t Bits>
void lut_gather(const Codes& codes, const uint32_t* rows, uint32_t n, const std::byte* query, float* scores) {
  const auto score = codes.book->norms ? lut_score<Bits, true> : lut_score<Bits, false>;
  for (uint32_t i = 0; i < n && i < kAhead; ++i) fetch_ahead(codes, rows[i]);
  for (uint32_t i = 0; i < n; ++i) {
    if (i + kAhead < n) fetch_ahead(codes, rows[i + kAhead]);
    scores[i] = score(codes, codes.rows + size_t{rows[i]} * codes.row_bytes, query);
  }
}

}  // namespace
}  // namespace lilliput::LILLIPUT_TARGET
