// The two loops of one query over rows: a run of them, or given ones fetched ahead.
#pragma once

#include <immintrin.h>

#include "lilliput/codes.h"

namespace lilliput::avx512 {
namespace {

constexpr uint32_t kAhead = 4;         // gathered rows on their way while one is scored
constexpr size_t kStreamAhead = 4096;  // bytes

// Each line once: what the hardware prefetcher leaves on rows that lie one after another.
inline void fetch_ahead(const std::byte* row, size_t bytes) {
  const char* ahead = reinterpret_cast<const char*>(row) + kStreamAhead;
  for (size_t b = 0; b < bytes; b += 64) _mm_prefetch(ahead + b, _MM_HINT_T0);
}

// Fetch: unless the score asks for lines itself, as it reads.
template <bool Fetch = true, class Score>
inline void block_rows(const Codes& codes, uint64_t first, uint32_t n, const Score& score, float* scores) {
  const std::byte* row = codes.rows + first * codes.row_bytes;
  for (uint32_t i = 0; i < n; ++i, row += codes.row_bytes) {
    if constexpr (Fetch) fetch_ahead(row, codes.row_bytes);
    scores[i] = score(row, first + i);
  }
}

inline void fetch(const Codes& codes, uint32_t row) {
  const char* next = reinterpret_cast<const char*>(codes.rows + size_t{row} * codes.row_bytes);
  for (uint32_t b = 0; b < codes.row_bytes; b += 64) _mm_prefetch(next + b, _MM_HINT_T0);
  if (!codes.more) return;
  next = reinterpret_cast<const char*>(codes.more + size_t{row} * codes.more_bytes);
  for (uint32_t b = 0; b < codes.more_bytes; b += 64) _mm_prefetch(next + b, _MM_HINT_T0);
}

template <class Score>
inline void gather_rows(const Codes& codes, const uint32_t* rows, uint32_t n, const Score& score,
                        float* scores) {
  for (uint32_t i = 0; i < n; ++i) {
    if (i + kAhead < n) fetch(codes, rows[i + kAhead]);
    scores[i] = score(codes.rows + size_t{rows[i]} * codes.row_bytes, rows[i]);
  }
}

// A query as `prepare` laid it out.
struct Prepared {
  QueryHead head;
  const std::byte* body;
  explicit Prepared(const std::byte* query)
      : head(*reinterpret_cast<const QueryHead*>(query)), body(query + kQueryHead) {}
};

}  // namespace
}  // namespace lilliput::avx512
