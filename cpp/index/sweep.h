// One pass over all panels for one batch of queries, whatever the lists do with the hits.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <vector>

#include "index/memory.h"
#include "index/panels.h"
#include "index/scan.h"

namespace lilliput {

constexpr uint32_t kSiftedRows = 256;   // with one threshold, which rises from run to run
constexpr uint32_t kMostSifted = 1024;  // where hardly any row is left
constexpr uint32_t kHardlyAny = 12;
constexpr uint32_t kTogether = 16;     // rows left to be scored at once, each asked for when it is found
constexpr uint32_t kBlindRows = 64;    // scored at a time while there is no threshold yet
constexpr uint32_t kFirstRows = 2048;  // whose bounds say which of them to score first
constexpr uint32_t kDealt = 128;       // buckets that they are dealt into
constexpr uint32_t kAtOnce = 32;       // scores or bounds of which a threshold spares the most
constexpr float kLowest = -std::numeric_limits<float>::infinity();
constexpr float kNoBound = std::numeric_limits<float>::quiet_NaN();

// Queries in the form the kernels take: groups for the tile where there are enough of them, else one by one.
class Prepared {
 public:
  Prepared(const Codes& codes, const Kernels& kernels, const Queries& queries, bool may_tile)
      : kernels_(kernels), n_(queries.n), dim_(codes.dim) {
    // Tiles multiply rows of bytes, which sums of words need not fit.
    const Tile* tile = codes.book && codes.book->summed ? nullptr : kernels.tile;
    tile_ = may_tile && tile && n_ >= least_queries(codes, *tile) ? tile : nullptr;
    bytes_ = ((tile_ ? tile_->group_bytes(dim_) : kernels.query_bytes(codes)) + 63) / 64 * 64;
    std::byte* out = memory_.reserve(bytes_ * (tile_ ? groups() : n_));
    if (tile_) {
      for (uint64_t g = 0; g < groups(); ++g)
        tile_->pack(dim_, queries.x + g * kGroup * dim_, queries.bias + g * kGroup, in_group(g),
                    out + g * bytes_);
    } else {
      for (uint64_t q = 0; q < n_; ++q)
        kernels.prepare(codes, queries.x + q * dim_, queries.bias[q], out + q * bytes_);
    }
    first_ = out;
    if (!tile_ && kernels.sieve && kernels.sieve->query_bytes(codes)) prepare_sieves(codes);
  }

  const Tile* tile() const { return tile_; }
  // Whether rows are sifted by a threshold, and bounds do not make the first.
  bool wants_threshold() const { return first_sieve_ && !kernels_.sieve->bounds; }
  uint64_t groups() const { return (n_ + kGroup - 1) / kGroup; }
  uint32_t in_group(uint64_t g) const {
    return static_cast<uint32_t>(std::min<uint64_t>(kGroup, n_ - g * kGroup));
  }
  const std::byte* group(uint64_t g) const { return first_ + g * bytes_; }
  const std::byte* query(uint64_t q) const { return first_ + q * bytes_; }

  // One by one.
  void score(const Panel& panel, uint64_t q, float* scores) const {
    kernels_.block(*panel.codes, 0, panel.n, query(q), scores);
  }

  // Of the scores that are held at a time.
  size_t score_bytes(const Panel& panel) const {
    return (tile_ ? size_t{panel.n} * kGroup : size_t{std::max(kMostSifted, kFirstRows)}) * sizeof(float);
  }

  // Pushes what reaches its threshold; `scores` holds score_bytes(panel).
  void push_hits(const Panel& panel, uint64_t g, Sink& sink, float* scores) const {
    const uint32_t n = in_group(g);
    if (tile_ && tile_->fused) return tile_->fused(panel, group(g), n, sink);
    if (tile_) {
      tile_->dense(panel, group(g), n, scores);
      for (uint32_t row = 0; row < panel.n; ++row)
        for (uint32_t q = 0; q < n; ++q) push(panel, row, sink, q, scores[size_t{row} * kGroup + q]);
      return;
    }
    for (uint32_t q = 0; q < n; ++q) push_one(panel, g * kGroup + q, sink, q, scores);
  }

 private:
  void prepare_sieves(const Codes& codes) {
    sieve_bytes_ = (kernels_.sieve->query_bytes(codes) + 63) / 64 * 64;
    first_sieve_ = sieves_.reserve(sieve_bytes_ * n_);
    made_ = std::make_unique<std::once_flag[]>(kMostSieveSets * n_);
    for (uint64_t q = 0; q < n_; ++q)
      kernels_.sieve->prepare(codes, query(q), first_sieve_ + q * sieve_bytes_);
  }

  // Gives the set of tables for a threshold, which the first thread that asks for it makes; `known` is one
  // that is made, if any.
  uint32_t sieve_set(const Codes& codes, uint64_t number, float threshold, uint32_t known) const {
    std::byte* sieve = first_sieve_ + number * sieve_bytes_;
    const uint32_t set = kernels_.sieve->set_for(codes, sieve, threshold);
    if (set != known)
      std::call_once(made_[number * kMostSieveSets + set],
                     [&] { kernels_.sieve->make_set(codes, query(number), set, sieve); });
    return set;
  }

  // The hits of one query, run by run: rows that cannot reach its threshold are sifted out first.
  void push_one(const Panel& panel, uint64_t number, Sink& sink, uint32_t q, float* scores) const {
    const Codes& codes = *panel.codes;
    uint32_t left[kMostSifted + kTogether], waiting = 0, run = kSiftedRows, set = kMostSieveSets;
    const auto score_left = [&] {
      kernels_.gather(codes, left, waiting, query(number), scores);
      for (uint32_t i = 0; i < waiting; ++i) push(panel, left[i], sink, q, scores[i]);
      waiting = 0;
    };
    for (uint32_t at = 0, n; at < panel.n; at += n) {
      const bool blind = sink.threshold[q] == kLowest;
      if (blind && first_sieve_ && kernels_.sieve->bounds) {
        n = std::min(panel.n - at, kFirstRows);
        push_first(panel, at, n, number, sink, q, scores);
        continue;
      }
      n = std::min(panel.n - at, blind ? kBlindRows : run);
      if (first_sieve_ && !blind) {
        const std::byte* sieve = first_sieve_ + number * sieve_bytes_;
        set = sieve_set(codes, number, sink.threshold[q], set);
        const uint32_t count =
            kernels_.sieve->sift(codes, at, n, sieve, set, sink.threshold[q], left + waiting);
        run = count <= kHardlyAny ? kMostSifted : kSiftedRows;
        if (count <= n / kernels_.sieve->few) {
          for (uint32_t i = 0; i < count; ++i) ask_for(codes, left[waiting + i]);
          waiting += count;
          if (waiting >= kTogether) score_left();
          continue;
        }
      }
      kernels_.block(codes, at, n, query(number), scores);
      push_reaching(panel, at, n, sink, q, scores);
    }
    if (waiting) score_left();
  }

  // A row comes from memory while others are sifted.
  static void ask_for(const Codes& codes, uint32_t row) {
    const auto lines = [](const std::byte* from, uint32_t bytes) {
      for (uint32_t at = 0; at < bytes; at += 64) __builtin_prefetch(from + at);
    };
    lines(codes.rows + size_t{row} * codes.row_bytes, codes.row_bytes);
    if (codes.more) lines(codes.more + size_t{row} * codes.more_bytes, codes.more_bytes);
  }

  // What at least `wanted` of the bounds reach, and few more: the best of each bucket are looked at alone.
  static float reached_by(uint32_t wanted, const float* bounds, uint32_t n) {
    float best[kDealt];
    if (n < kDealt || wanted > kDealt / 2) return kLowest;
    std::copy(bounds, bounds + kDealt, best);
    for (uint32_t i = kDealt; i + kDealt <= n; i += kDealt)
      for (uint32_t j = 0; j < kDealt; ++j) best[j] = bounds[i + j] > best[j] ? bounds[i + j] : best[j];
    std::nth_element(best, best + wanted - 1, best + kDealt, std::greater<>());
    return best[wanted - 1];
  }

  // Rows before there is a threshold: those of the best bounds make one, which few others may reach.
  void push_first(const Panel& panel, uint32_t first, uint32_t n, uint64_t number, Sink& sink, uint32_t q,
                  float* scores) const {
    const Codes& codes = *panel.codes;
    const std::byte* sieve = first_sieve_ + number * sieve_bytes_;
    sieve_set(codes, number, sink.threshold[q], kMostSieveSets);
    float bounds[kFirstRows];
    uint32_t rows[kFirstRows];
    kernels_.sieve->bounds(codes, first, n, sieve, bounds);
    std::fill(bounds + n, bounds + (n + kAtOnce - 1) / kAtOnce * kAtOnce, kNoBound);  // reaches nothing
    const auto score = [&](float least, float below) {
      uint32_t count = 0;
      for (uint32_t i = 0; i < n; i += kAtOnce) {
        if (!any_reaches(least, bounds + i)) continue;
        for (uint32_t j = i; j < i + kAtOnce; ++j) {  // which of them do is beyond guessing
          rows[count] = first + j;
          count += static_cast<uint32_t>(bounds[j] >= least) & static_cast<uint32_t>(!(bounds[j] >= below));
        }
      }
      kernels_.gather(codes, rows, count, query(number), scores);
      for (uint32_t i = 0; i < count; ++i) push(panel, rows[i], sink, q, scores[i]);
    };
    const float ahead = reached_by(2 * sink.capacity, bounds, n);
    score(ahead, kNoBound);
    if (sink.threshold[q] < ahead) score(sink.threshold[q], ahead);
  }

  static bool any_reaches(float least, const float* some) {
    int reaching = 0;
    for (uint32_t i = 0; i < kAtOnce; ++i) reaching += some[i] >= least;
    return reaching;
  }

  // Few of many scores reach the threshold.
  static void push_reaching(const Panel& panel, uint32_t first, uint32_t n, Sink& sink, uint32_t q,
                            const float* scores) {
    uint32_t i = 0;
    for (; i + kAtOnce <= n; i += kAtOnce) {
      if (!any_reaches(sink.threshold[q], scores + i)) [[likely]]
        continue;
      for (uint32_t j = i; j < i + kAtOnce; ++j) push(panel, first + j, sink, q, scores[j]);
    }
    for (; i < n; ++i) push(panel, first + i, sink, q, scores[i]);
  }

  static void push(const Panel& panel, uint32_t row, Sink& sink, uint32_t q, float score) {
    if (!(score >= sink.threshold[q])) [[likely]]
      return;
    sink.hits[q][sink.size[q]] = {score, panel.numbers ? panel.numbers[row] : panel.first + row};
    if (++sink.size[q] == sink.capacity) sink.shrink(sink, q);
  }

  const Kernels& kernels_;
  uint64_t n_;
  uint32_t dim_;
  const Tile* tile_;
  size_t bytes_;
  Memory memory_, sieves_;
  const std::byte* first_;
  size_t sieve_bytes_ = 0;
  std::byte* first_sieve_ = nullptr;
  std::unique_ptr<std::once_flag[]> made_;
};

// Which panels of a set are looked at: `count` of `rows` rows each, every `every`-th.
struct Visits {
  uint32_t rows;
  uint64_t count, every;
};

inline Visits all_panels(const Codes& codes, const Tile* tile, const ScanOptions& options) {
  const uint32_t rows = panel_rows(codes, tile);
  return {rows, ((options.rows ? options.n_rows : codes.n) + rows - 1) / rows, 1};
}

// Calls visit(panel, slot) for each panel, on several threads.
template <class Visit>
Status for_panels(const Codes& codes, const Tile* tile, const ScanOptions& options, const Visits& visits,
                  const Visit& visit) {
  std::vector<std::unique_ptr<PanelMaker>> makers(options.threads);
  std::atomic<bool> corrupt{false};
  const auto task = [&](uint64_t i, unsigned slot, Step&) {
    if (corrupt.load(std::memory_order_relaxed)) return;
    if (!makers[slot])
      makers[slot] = std::make_unique<PanelMaker>(codes, tile, options.rows, options.n_rows, visits.rows);
    Panel panel;
    if (makers[slot]->make(i * visits.every, panel))
      visit(panel, slot);
    else
      corrupt = true;
  };
  const bool finished = parallel_for(visits.count, options.threads, task, options.poll);
  return corrupt ? Status::corrupt : finished ? Status::done : Status::cancelled;
}

// Every panel against every group. Lists are made for each thread and group by make(g) and stay for the
// caller to merge.
template <class Lists, class Make>
Status sweep(const Codes& codes, const Prepared& prepared, const ScanOptions& options, const Make& make,
             std::vector<std::vector<std::unique_ptr<Lists>>>& lists) {
  std::vector<Memory> scores(options.threads);
  lists.resize(options.threads);
  const Visits visits = all_panels(codes, prepared.tile(), options);
  return for_panels(codes, prepared.tile(), options, visits, [&](const Panel& panel, unsigned slot) {
    float* out = reinterpret_cast<float*>(scores[slot].reserve(prepared.score_bytes(panel)));
    if (lists[slot].empty()) lists[slot].resize(prepared.groups());
    for (uint64_t g = 0; g < prepared.groups(); ++g) {
      if (!lists[slot][g]) lists[slot][g] = make(g);
      prepared.push_hits(panel, g, lists[slot][g]->sink(), out);
    }
  });
}

}  // namespace lilliput
