// The seam between codecs and indexes: a plain view over codes, and the table of kernels that scores it.
//
// Every score is larger-is-better: score = alpha_i * dot(q, x_i) + shift_i * sum(q) + beta_i + bias_q.
// Squared L2 arrives here as q' = 2q, beta_i = -|x_i|^2, bias = -|q|^2, so that the score is minus the
// distance.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lilliput/families.h"

namespace lilliput {

enum class Kind : uint8_t {
#define LILLIPUT_KIND(name, number, bits, sums) name = number,
  LILLIPUT_FAMILIES(LILLIPUT_KIND)
#undef LILLIPUT_KIND
};

enum class Isa : uint8_t { portable, avx2, avx512, amx, neon };

class PageGuard;

// Lengths of rows from their squares. Those from `least` to `most` have the root, smaller ones that of
// `least`, and the line through both ends, which is nowhere above, goes on beyond: a few rows at most lie
// there.
struct Lengths {
  float least, most;
  float at, slope;  // of the line
};

// What rows of word numbers stand for: part p of a row is word `code` of that part, `width` int8 numbers.
// Parts lie side by side, or, where `summed`, each is as wide as a vector and a row is the sum of its parts.
struct Codebook {
  uint32_t parts, entries, width;
  const int8_t* words;   // (parts, entries, width)
  const int32_t* norms;  // (parts, entries); null: none. Summed over a row's words, times unit, they are
  float unit;  // the row's beta, or where there are lengths its square, and its length divides scores
  const Lengths* lengths = nullptr;
  bool summed = false;
};

// How the signs of a row of planes bound its score: dot(q, x) is at most slope * dot(q, signs) + noise * |q|,
// for all but a few rows in a thousand.
struct Gate {
  float slope, noise;
};

// A view of n rows, row-major; nothing is owned. Row numbers fit 32 bits. Rows of planes lie in two arrays,
// so that a scan that needs no more than signs reads no more.
struct Codes {
  Kind kind;
  uint32_t dim;
  uint32_t row_bytes;
  uint64_t n;
  const std::byte* rows;
  const float* alpha;              // null: 1
  const float* beta;               // null: 0
  PageGuard* guard;                // verifies mapped pages at first touch; null in memory
  const Codebook* book = nullptr;  // of the kinds whose rows are word numbers
  const Gate* gate = nullptr;      // of planes whose rows were rotated at random; null: none is known
  const float* shift = nullptr;    // what every number of a row has on top of alpha times it; integers alone
  uint32_t more_bytes = 0;
  const std::byte* more =
      nullptr;  // (n, more_bytes) of planes: what lies below the signs, which are the rows
};

// What `prepare` writes first; the kind's own form of the query follows at kQueryHead, padded with zeros
// to 64.
struct QueryHead {
  float scale;  // of one step of the quantised query; 1 for float kinds
  float bias;
  int32_t sum;  // of the quantised query's elements
};
constexpr size_t kQueryHead = 64;

constexpr uint32_t kGroup = 64;  // queries that a tile scores together

struct Hit {
  float score;
  uint32_t row;
};

// Where a fused tile leaves its hits: one bounded list a query. `shrink` keeps the best and raises the
// threshold.
struct Sink {
  float threshold[kGroup];
  uint32_t size[kGroup];
  Hit* hits[kGroup];
  uint32_t capacity;
  void (*shrink)(Sink& sink, uint32_t query);
};

// A run of rows in the form that one instruction set multiplies, made once for all query groups.
struct Panel {
  const Codes* codes;     // the rows themselves: row i of the panel is row i here
  const std::byte* rows;  // as multiplied: codes->rows, or converted
  size_t stride;          // bytes from row to row
  const float* norm;      // |x_i| of each row, where the form is inexact; else null
  float slack;            // the largest relative error of a row in this form
  uint32_t n;
  uint32_t first;  // row number of row 0 in the hits, unless `numbers` says them
  const uint32_t* numbers;
};

// Many queries against many rows. Scores of a dense tile: out[row * kGroup + query].
struct Tile {
  uint32_t least_queries;  // below this many, one query at a time is faster
  size_t (*group_bytes)(uint32_t dim);
  void (*pack)(uint32_t dim, const float* queries, const float* bias, uint32_t n, std::byte* group);
  size_t (*panel_bytes)(uint32_t dim, uint32_t n);  // 0: rows are used as they lie
  void (*load)(Panel& panel, std::byte* memory);  // fills rows, stride, norm, slack; null with panel_bytes 0
  void (*dense)(const Panel& panel, const std::byte* group, uint32_t n_queries, float* out);
  void (*fused)(const Panel& panel, const std::byte* group, uint32_t n_queries,
                Sink& sink);  // null: dense, then compare
  // As dense, but never above the true score and faster; null: dense serves.
  void (*floor)(const Panel& panel, const std::byte* group, uint32_t n_queries, float* out) = nullptr;
};

// Sorts out the rows that cannot reach a threshold, at less than what scores cost: for one query, where few
// do. It may have several sets of tables, each for thresholds of some size, which are made when they are
// needed.
constexpr uint32_t kMostSieveSets = 8;
struct Sieve {
  size_t (*query_bytes)(const Codes& codes);  // 0: these codes cannot be sifted
  // From a query as `prepare` of the kernels left it: all but the sets.
  void (*prepare)(const Codes& codes, const std::byte* query, std::byte* out);
  uint32_t (*set_for)(const Codes& codes, const std::byte* sieve, float threshold);
  void (*make_set)(const Codes& codes, const std::byte* query, uint32_t set, std::byte* sieve);
  // Writes which of the n rows from `first` on may score `threshold` or more, ascending, and gives their
  // number: every row that does, and as few others as can be.
  uint32_t (*sift)(const Codes& codes, uint64_t first, uint32_t n, const std::byte* sieve, uint32_t set,
                   float threshold, uint32_t* rows);
  uint32_t few = 8;  // one row of so many may be left for its score to be worth a jump
  // What rows score at most, where that is known one by one; null: they are only sifted.
  void (*bounds)(const Codes& codes, uint64_t first, uint32_t n, const std::byte* sieve,
                 float* out) = nullptr;
};

// One static table for each (kind, isa). No kernel allocates, throws, owns a thread or reads past a row.
struct Kernels {
  size_t (*query_bytes)(const Codes& codes);
  void (*prepare)(const Codes& codes, const float* query, float bias, std::byte* out);
  void (*block)(const Codes& codes, uint64_t first, uint32_t n, const std::byte* query, float* scores);
  void (*gather)(const Codes& codes, const uint32_t* rows, uint32_t n, const std::byte* query, float* scores);
  void (*encode)(uint32_t dim, uint64_t n, const float* x, std::byte* rows, float* alpha, float* beta);
  const Tile* tile;              // null: loop over block
  const Sieve* sieve = nullptr;  // null: every row is scored
  // Of planes, in place of `encode`.
  void (*encode_planes)(uint32_t dim, uint64_t n, const float* x, std::byte* rows, std::byte* more,
                        float* alpha, float* beta) = nullptr;
};

// Bytes of a row of so many numbers, or word numbers; of planes, of their signs.
uint32_t row_bytes(Kind kind, uint32_t cells);

// Bytes of what lies below the signs of a row of planes; 0 for other kinds.
uint32_t more_bytes(Kind kind, uint32_t cells);

const char* name(Kind kind);

// Whether scores depend on the order of their sums.
bool sums_floats(Kind kind);

// The table for a kind, or null where this build or this machine has none.
const Kernels* kernels(Kind kind, Isa isa);

}  // namespace lilliput
