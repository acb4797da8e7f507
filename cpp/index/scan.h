// The only scan loop: rows in panels that fit the second-level cache, every query group against each, bounded
// lists of the best. Threads share the panels and merge at the end.
#pragma once

#include <cstdint>
#include <vector>

#include "lilliput/codes.h"
#include "lilliput/pool.h"

namespace lilliput {

enum class Status { done, cancelled, corrupt };  // corrupt: the guard of the codes knows the page

struct Queries {
  const float* x;  // (n, dim)
  const float* bias;
  uint64_t n;
};

// What one thread should have to read before another is woken, which takes as long as some hundred thousand
// bytes.
constexpr uint64_t kBytesPerThread = uint64_t{2} << 20;

struct ScanOptions {
  const uint32_t* rows = nullptr;  // scan these, ascending; null: all
  uint64_t n_rows = 0;
  const int64_t* ids = nullptr;  // equal scores go to the smaller id; null: the row number is the id
  unsigned threads = 1;          // at most
  Poll poll;
  uint64_t bytes_per_thread = kBytesPerThread;
};

// The k best rows of each query, best first; missing ones are row -1 and score NaN.
Status top_k(const Codes& codes, const Kernels& kernels, const Queries& queries, uint64_t k,
             const ScanOptions& options, int64_t* rows, float* scores);

// Every row whose score reaches the query's threshold, best first.
Status within(const Codes& codes, const Kernels& kernels, const Queries& queries, const float* thresholds,
              const ScanOptions& options, std::vector<std::vector<Hit>>& found);

// Scores of given rows, (n, width); row -1 gives NaN.
Status score_rows(const Codes& codes, const Kernels& kernels, const Queries& queries, const int64_t* rows,
                  uint64_t width, const ScanOptions& options, float* scores);

// The k best of given candidates by these codes, (n, width) rows in, (n, k) out.
Status rerank(const Codes& codes, const Kernels& kernels, const Queries& queries, const int64_t* candidates,
              uint64_t width, uint64_t k, const ScanOptions& options, int64_t* rows, float* scores);

// Every score, (n queries, n rows); by the tile, or one query at a time.
Status all_scores(const Codes& codes, const Kernels& kernels, const Queries& queries, bool by_tile,
                  const ScanOptions& options, float* scores);

}  // namespace lilliput
