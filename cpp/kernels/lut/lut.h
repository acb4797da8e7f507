// One query against rows of word numbers: a table of its dot products with every word, exact in int32, then a
// sum of entries a row.
#pragma once

#include "kernels/exact.h"
#include "kernels/lut/decode.h"

namespace lilliput::LILLIPUT_TARGET {
namespace {

inline size_t lut_query_bytes(const Codes& of) {
  return kQueryHead + padded(size_t{of.book->parts} * of.book->entries * sizeof(int32_t)) +
         padded(of.dim + 3);
}

// The query's own int8 numbers lie behind the table, where they may be read in whole fours.
inline size_t lut_codes_at(const Codebook& book) {
  return kQueryHead + padded(size_t{book.parts} * book.entries * sizeof(int32_t));
}

// From one part's numbers of a query to the next part's.
inline uint32_t lut_hop(const Codebook& book) { return book.summed ? 0 : book.width; }

inline int32_t lut_product(const int8_t* word, const int8_t* query, uint32_t width) {
  int32_t dot = 0;
  for (uint32_t i = 0; i < width; ++i) dot += int16_t{query[i]} * int16_t{word[i]};
  return dot;
}

inline void lut_prepare(const Codes& of, const float* query, float bias, std::byte* out) {
  const Codebook& book = *of.book;
  const Grid grid(query, of.dim, 127.0f);
  int32_t* table = reinterpret_cast<int32_t*>(out + kQueryHead);
  int8_t* codes = reinterpret_cast<int8_t*>(out + lut_codes_at(book));
  round_each(query, of.dim, grid.inverse, codes);
  const int8_t* word = book.words;
  for (uint32_t part = 0; part < book.parts; ++part, codes += lut_hop(book))
    for (uint32_t k = 0; k < book.entries; ++k, word += book.width)
      *table++ = lut_product(word, codes, book.width);
  write_head(out, grid.step, bias, 0);
}

inline const int32_t* lut_table(const std::byte* query) {
  return reinterpret_cast<const int32_t*>(query + kQueryHead);
}

// Every instruction set rounds in this order.
template <bool Norms>
inline float lut_rounded(int32_t dot, int32_t norms, const Codebook& book, const std::byte* query) {
  const float scale = head(query).scale, product = static_cast<float>(dot);
  if (Norms && book.lengths) return product * (scale * lut_alpha(book, norms)) + head(query).bias;
  const float score = product * scale;
  return (Norms ? score + lut_beta(book, norms) : score) + head(query).bias;
}

template <uint32_t Bits, bool Norms>
inline float lut_score(const Codes& codes, const std::byte* row, const std::byte* query) {
  const Codebook& book = *codes.book;
  const int32_t* table = lut_table(query);
  int32_t dot = 0, sum = 0;
  for (uint32_t part = 0; part < book.parts; ++part) {
    const uint32_t at = (part << Bits) + word_of<Bits>(row, part);
    dot += table[at];
    if constexpr (Norms) sum += book.norms[at];
  }
  return lut_rounded<Norms>(dot, sum, book, query);
}

// Score: of (codes, row, query), for one row.
using LutScore = float (*)(const Codes&, const std::byte*, const std::byte*);

template <LutScore Plain, LutScore WithNorms>
void lut_block(const Codes& codes, uint64_t first, uint32_t n, const std::byte* query, float* scores) {
  const std::byte* row = codes.rows + first * codes.row_bytes;
  const auto score = codes.book->norms ? WithNorms : Plain;
  for (uint32_t i = 0; i < n; ++i, row += codes.row_bytes) scores[i] = score(codes, row, query);
}

template <LutScore Plain, LutScore WithNorms>
void lut_gather(const Codes& codes, const uint32_t* rows, uint32_t n, const std::byte* query, float* scores) {
  const auto score = codes.book->norms ? WithNorms : Plain;
  for (uint32_t i = 0; i < n && i < kAhead; ++i) fetch_ahead(codes, rows[i]);
  for (uint32_t i = 0; i < n; ++i) {
    if (i + kAhead < n) fetch_ahead(codes, rows[i + kAhead]);
    scores[i] = score(codes, codes.rows + size_t{rows[i]} * codes.row_bytes, query);
  }
}

template <uint32_t Bits>
constexpr auto kLutBlock = lut_block<lut_score<Bits, false>, lut_score<Bits, true>>;
template <uint32_t Bits>
constexpr auto kLutGather = lut_gather<lut_score<Bits, false>, lut_score<Bits, true>>;

}  // namespace
}  // namespace lilliput::LILLIPUT_TARGET
