// The loops of every kernel table, over the dot product of one row. A kernel file defines LILLIPUT_TARGET as
// its instruction set first, so that what the compiler makes of these templates lies in the namespace of that
// set.
#pragma once

#include "lilliput/codes.h"

#ifndef LILLIPUT_TARGET
#error "define LILLIPUT_TARGET as portable, avx2, avx512, amx or neon before this header"
#endif

namespace lilliput::LILLIPUT_TARGET {
namespace {

constexpr size_t padded(size_t bytes) { return (bytes + 63) / 64 * 64; }

inline const QueryHead& head(const std::byte* query) { return *reinterpret_cast<const QueryHead*>(query); }

inline void write_head(std::byte* query, float scale, float bias, int32_t sum) {
  __builtin_memset(query, 0, kQueryHead);
  *reinterpret_cast<QueryHead*>(query) = {scale, bias, sum};
}

// The form of a query of floats: padded with zeros.
inline size_t float_query_bytes(const Codes& codes) {
  return kQueryHead + padded(size_t{codes.dim} * sizeof(float));
}

inline void float_prepare(const Codes& codes, const float* query, float bias, std::byte* out) {
  const uint32_t dim = codes.dim;
  write_head(out, 1.0f, bias, 0);
  __builtin_memset(out + kQueryHead, 0, padded(size_t{dim} * sizeof(float)));
  __builtin_memcpy(out + kQueryHead, query, size_t{dim} * sizeof(float));
}

// Every instruction set rounds in this order, so that equal integer dots give equal scores.
inline float finish(float dot, const QueryHead& query, const Codes& codes, uint64_t row) {
  const float factor = codes.alpha ? query.scale * codes.alpha[row] : query.scale;
  float score = dot * factor;
  if (codes.shift) score = score + codes.shift[row] * (query.scale * static_cast<float>(query.sum));
  return (codes.beta ? score + codes.beta[row] : score) + query.bias;
}

// A Dot is made of (codes, query) and has `one(row)` and `four(rows, out)`: four rows share the loads of the
// query.
template <class Dot>
void block(const Codes& codes, uint64_t first, uint32_t n, const std::byte* query, float* scores) {
  const Dot dot(codes, query);
  const size_t stride = codes.row_bytes;
  const std::byte* row = codes.rows + first * stride;
  uint32_t i = 0;
  for (; i + 4 <= n; i += 4, row += 4 * stride) {
    const std::byte* const rows[4] = {row, row + stride, row + 2 * stride, row + 3 * stride};
    dot.four(rows, scores + i);
  }
  for (; i < n; ++i, row += stride) scores[i] = dot.one(row);
  for (i = 0; i < n; ++i) scores[i] = finish(scores[i], head(query), codes, first + i);
}

// Rows in any order come from memory late; their first lines are asked for this many rows ahead.
constexpr uint32_t kAhead = 8;
constexpr size_t kAheadBytes = 1024;

inline void fetch_ahead(const Codes& codes, uint32_t row) {
  const std::byte* from = codes.rows + size_t{row} * codes.row_bytes;
  const size_t bytes = codes.row_bytes < kAheadBytes ? codes.row_bytes : kAheadBytes;
  for (size_t at = 0; at < bytes; at += 64) __builtin_prefetch(from + at);
  if (!codes.more) return;
  const std::byte* more = codes.more + size_t{row} * codes.more_bytes;
  for (size_t at = 0; at < codes.more_bytes; at += 64) __builtin_prefetch(more + at);
}

template <class Dot>
void gather(const Codes& codes, const uint32_t* rows, uint32_t n, const std::byte* query, float* scores) {
  const Dot dot(codes, query);
  for (uint32_t i = 0; i < n && i < kAhead; ++i) fetch_ahead(codes, rows[i]);
  for (uint32_t i = 0; i < n; ++i) {
    if (i + kAhead < n) fetch_ahead(codes, rows[i + kAhead]);
    const float product = dot.one(codes.rows + size_t{rows[i]} * codes.row_bytes);
    scores[i] = finish(product, head(query), codes, rows[i]);
  }
}

}  // namespace
}  // namespace lilliput::LILLIPUT_TARGET
