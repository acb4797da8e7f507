#include "index/scan.h"

#include <bit>
#include <limits>

#include "index/best.h"
#include "index/seed.h"
#include "index/sweep.h"

namespace lilliput {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr size_t kListBytes = 64 << 20;  // of hits, a thread: more queries than this holds take another pass
constexpr uint64_t kMostQueries = 4096;

constexpr uint64_t kSharedBy = 16;  // queries to which a tile reads a row as fast as to one alone

ScanOptions with_fewer_threads(const Codes& codes, const Kernels& kernels, const Queries& queries,
                               ScanOptions options) {
  const uint64_t rows = options.rows ? options.n_rows : codes.n;
  const bool tiled = kernels.tile && queries.n >= least_queries(codes, *kernels.tile);
  const uint64_t readings = tiled ? (queries.n + kSharedBy - 1) / kSharedBy : queries.n;
  const uint64_t shares = rows * (codes.row_bytes + codes.more_bytes) * readings / options.bytes_per_thread;
  options.threads = static_cast<unsigned>(std::clamp<uint64_t>(shares, 1, options.threads));
  return options;
}

constexpr uint64_t kFewBest = 16;  // kept in order

// One by one, a threshold that rises early spares scores; in a tile it is a cut that costs.
uint32_t capacity_for(uint64_t k, bool tiled) {
  return static_cast<uint32_t>(tiled ? std::bit_ceil(std::max<uint64_t>(128, 6 * k))
                                     : k + (k <= kFewBest ? 1 : k / 2));
}

void write(std::vector<Hit>& hits, uint64_t k, const int64_t* ids, int64_t* rows, float* scores) {
  const uint64_t n = std::min<uint64_t>(k, hits.size());
  std::partial_sort(hits.begin(), hits.begin() + n, hits.end(), Better{ids});
  for (uint64_t i = 0; i < k; ++i) {
    rows[i] = i < n ? int64_t{hits[i].row} : -1;
    scores[i] = i < n ? hits[i].score : kNan;
  }
}

// Float sums depend on their order, and a tile has its own: what is handed out is scored by one kernel
// always.
void score_again(const Codes& codes, const Kernels& kernels, const std::byte* query, std::vector<Hit>& hits) {
  std::vector<uint32_t> rows(hits.size());
  std::vector<float> scores(hits.size());
  for (size_t i = 0; i < hits.size(); ++i) rows[i] = hits[i].row;
  kernels.gather(codes, rows.data(), static_cast<uint32_t>(rows.size()), query, scores.data());
  for (size_t i = 0; i < hits.size(); ++i) hits[i].score = scores[i];
}

bool rounds_by_order(Kind kind, const Tile* tile) { return tile && !tile->floor && sums_floats(kind); }

// Merges the lists of all threads and hands each query's hits to take(query, hits).
template <class Lists, class Take>
Status merge(const Codes& codes, const Kernels& kernels, const Queries& queries, const ScanOptions& options,
             const Tile* tile, std::vector<std::vector<std::unique_ptr<Lists>>>& lists, const Take& take) {
  const size_t bytes = kernels.query_bytes(codes);
  std::vector<Memory> memory(options.threads);
  const auto task = [&](uint64_t q, unsigned slot, Step&) {
    std::vector<Hit> hits;
    for (auto& of_thread : lists)
      if (!of_thread.empty() && of_thread[q / kGroup]) of_thread[q / kGroup]->append_to(hits, q % kGroup);
    if (rounds_by_order(codes.kind, tile)) {
      std::byte* query = memory[slot].reserve(bytes);
      kernels.prepare(codes, queries.x + q * codes.dim, queries.bias[q], query);
      score_again(codes, kernels, query, hits);
    }
    take(q, hits);
  };
  return parallel_for(queries.n, options.threads, task, options.poll) ? Status::done : Status::cancelled;
}

Status top_k_of_batch(const Codes& codes, const Kernels& kernels, const Queries& queries, uint64_t k,
                      const ScanOptions& options, int64_t* rows, float* scores) {
  const Prepared prepared(codes, kernels, queries, true);
  std::vector<float> thresholds(prepared.groups() * kGroup, -std::numeric_limits<float>::infinity());
  Status status = prepared.tile() ? seed_thresholds(codes, prepared, options, k, thresholds)
                                  : seed_singles(codes, prepared, options, queries.n, k, thresholds);
  if (status != Status::done) return status;
  std::vector<std::vector<std::unique_ptr<BestOfGroup>>> lists;
  const auto make = [&](uint64_t g) {
    return std::make_unique<BestOfGroup>(prepared.in_group(g), thresholds.data() + g * kGroup, k,
                                         capacity_for(k, prepared.tile()), options.ids);
  };
  status = sweep<BestOfGroup>(codes, prepared, options, make, lists);
  if (status != Status::done) return status;
  return merge(
      codes, kernels, queries, options, prepared.tile(), lists,
      [&](uint64_t q, std::vector<Hit>& hits) { write(hits, k, options.ids, rows + q * k, scores + q * k); });
}

Queries slice(const Queries& queries, uint64_t first, uint64_t n, uint32_t dim) {
  return {queries.x + first * dim, queries.bias + first, std::min(n, queries.n - first)};
}

// Calls score(q, query, rows, n, scores) with the valid ones of a query's given rows, NaN for row -1.
template <class Take>
Status for_given_rows(const Codes& codes, const Kernels& kernels, const Queries& queries,
                      const int64_t* given, uint64_t width, const ScanOptions& options, const Take& take) {
  std::vector<Memory> memory(options.threads);
  std::atomic<bool> corrupt{false};
  const auto task = [&](uint64_t q, unsigned slot, Step&) {
    std::byte* query = memory[slot].reserve(kernels.query_bytes(codes));
    kernels.prepare(codes, queries.x + q * codes.dim, queries.bias[q], query);
    std::vector<uint32_t> rows, places;
    for (uint64_t i = 0; i < width; ++i) {
      const int64_t row = given[q * width + i];
      if (row < 0) continue;
      if (!touch(codes, static_cast<uint64_t>(row), 1)) {
        corrupt = true;
        return;
      }
      rows.push_back(static_cast<uint32_t>(row));
      places.push_back(static_cast<uint32_t>(i));
    }
    std::vector<float> scores(rows.size());
    kernels.gather(codes, rows.data(), static_cast<uint32_t>(rows.size()), query, scores.data());
    take(q, rows, places, scores);
  };
  const bool finished = parallel_for(queries.n, options.threads, task, options.poll);
  return corrupt ? Status::corrupt : finished ? Status::done : Status::cancelled;
}

}  // namespace

Status top_k(const Codes& codes, const Kernels& kernels, const Queries& queries, uint64_t k,
             const ScanOptions& options, int64_t* rows, float* scores) {
  const uint64_t held = kListBytes / (size_t{capacity_for(k, true)} * sizeof(Hit));
  const uint64_t most =
      held < kGroup ? std::max<uint64_t>(held, 1) : std::min(held / kGroup * kGroup, kMostQueries);
  const ScanOptions fewer = with_fewer_threads(codes, kernels, queries, options);
  for (uint64_t first = 0; first < queries.n; first += most) {
    const Status status = top_k_of_batch(codes, kernels, slice(queries, first, most, codes.dim), k, fewer,
                                         rows + first * k, scores + first * k);
    if (status != Status::done) return status;
  }
  return Status::done;
}

Status within(const Codes& codes, const Kernels& kernels, const Queries& queries, const float* thresholds,
              const ScanOptions& asked, std::vector<std::vector<Hit>>& found) {
  const ScanOptions options = with_fewer_threads(codes, kernels, queries, asked);
  // A row just at its bar must not be lost to the order in which a tile sums.
  const bool may_tile = !rounds_by_order(codes.kind, kernels.tile);
  const Prepared prepared(codes, kernels, queries, may_tile);
  std::vector<std::vector<std::unique_ptr<AllOfGroup>>> lists;
  const auto make = [&](uint64_t g) {
    return std::make_unique<AllOfGroup>(prepared.in_group(g), thresholds + g * kGroup);
  };
  const Status status = sweep<AllOfGroup>(codes, prepared, options, make, lists);
  if (status != Status::done) return status;
  found.resize(queries.n);
  return merge(codes, kernels, queries, options, prepared.tile(), lists,
               [&](uint64_t q, std::vector<Hit>& hits) {
                 std::sort(hits.begin(), hits.end(), Better{options.ids});
                 found[q] = std::move(hits);
               });
}

Status score_rows(const Codes& codes, const Kernels& kernels, const Queries& queries, const int64_t* rows,
                  uint64_t width, const ScanOptions& options, float* scores) {
  std::fill(scores, scores + queries.n * width, kNan);
  return for_given_rows(codes, kernels, queries, rows, width, options,
                        [&](uint64_t q, const auto&, const auto& places, const auto& found) {
                          for (size_t i = 0; i < places.size(); ++i) scores[q * width + places[i]] = found[i];
                        });
}

Status rerank(const Codes& codes, const Kernels& kernels, const Queries& queries, const int64_t* candidates,
              uint64_t width, uint64_t k, const ScanOptions& options, int64_t* rows, float* scores) {
  return for_given_rows(codes, kernels, queries, candidates, width, options,
                        [&](uint64_t q, const auto& given, const auto&, const auto& found) {
                          std::vector<Hit> hits(given.size());
                          for (size_t i = 0; i < hits.size(); ++i) hits[i] = {found[i], given[i]};
                          write(hits, k, options.ids, rows + q * k, scores + q * k);
                        });
}

Status all_scores(const Codes& codes, const Kernels& kernels, const Queries& queries, bool by_tile,
                  const ScanOptions& options, float* scores) {
  const Prepared prepared(codes, kernels, queries, by_tile);
  std::vector<Memory> memory(options.threads);
  const Visits visits = all_panels(codes, prepared.tile(), options);
  return for_panels(codes, prepared.tile(), options, visits, [&](const Panel& panel, unsigned slot) {
    float* out = reinterpret_cast<float*>(memory[slot].reserve(size_t{panel.n} * kGroup * sizeof(float)));
    for (uint64_t q = 0; q < queries.n; ++q) {
      float* to = scores + q * codes.n + panel.first;
      if (!prepared.tile()) {
        kernels.block(*panel.codes, 0, panel.n, prepared.query(q), to);
        continue;
      }
      if (q % kGroup == 0)
        prepared.tile()->dense(panel, prepared.group(q / kGroup), prepared.in_group(q / kGroup), out);
      for (uint32_t row = 0; row < panel.n; ++row) to[row] = out[size_t{row} * kGroup + q % kGroup];
    }
  });
}

}  // namespace lilliput
