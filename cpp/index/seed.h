// A first threshold for each query, so that hits are rare from the first panel on.
//
// Rows from all over the set are dealt into buckets and the best score of each bucket is kept: the k-th
// largest of these is reached by k different rows, hence a lower bound on the k-th best score.
#pragma once

#include <bit>
#include <functional>
#include <limits>

#include "index/sweep.h"

namespace lilliput {

constexpr uint64_t kSeedRows = 4096, kMostBuckets = 2048;  // at most
constexpr uint32_t kSeedPanel = 256;

inline Status seed_thresholds(const Codes& codes, const Prepared& prepared, const ScanOptions& options,
                              uint64_t k, std::vector<float>& thresholds) {
  const uint64_t n = options.rows ? options.n_rows : codes.n;
  const uint64_t seeds = std::min(kSeedRows, n / 2 / kSeedPanel * kSeedPanel);
  const uint64_t buckets = std::bit_ceil(std::max<uint64_t>(kGroup, 5 * k / 2));
  if (!prepared.tile() || buckets > std::min(kMostBuckets, seeds / 2)) return Status::done;
  const size_t width = prepared.groups() * kGroup;
  const float lowest = -std::numeric_limits<float>::infinity();
  std::vector<std::vector<float>> best(options.threads);
  std::vector<Memory> memory(options.threads);
  const auto score = prepared.tile()->floor ? prepared.tile()->floor : prepared.tile()->dense;
  const Visits visits = {kSeedPanel, seeds / kSeedPanel, n / seeds};
  const Status status =
      for_panels(codes, prepared.tile(), options, visits, [&](const Panel& panel, unsigned slot) {
        if (best[slot].empty()) best[slot].assign(buckets * width, lowest);
        float* scores =
            reinterpret_cast<float*>(memory[slot].reserve(size_t{panel.n} * kGroup * sizeof(float)));
        for (uint64_t g = 0; g < prepared.groups(); ++g) {
          score(panel, prepared.group(g), prepared.in_group(g), scores);
          for (uint32_t row = 0; row < panel.n; ++row) {
            float* bucket = best[slot].data() + (panel.first + row) % buckets * width + g * kGroup;
            const float* s = scores + size_t{row} * kGroup;
            for (uint32_t q = 0; q < kGroup; ++q) bucket[q] = s[q] > bucket[q] ? s[q] : bucket[q];
          }
        }
      });
  if (status != Status::done) return status;
  std::vector<float> column(buckets);
  for (size_t q = 0; q < thresholds.size(); ++q) {
    std::fill(column.begin(), column.end(), lowest);
    for (const auto& slot : best)
      for (size_t b = 0; b < slot.size() / width; ++b) column[b] = std::max(column[b], slot[b * width + q]);
    std::nth_element(column.begin(), column.begin() + k - 1, column.end(), std::greater<>());
    thresholds[q] = column[k - 1];
  }
  return Status::done;
}

// The same for queries one by one whose rows are sifted, which takes a threshold: fewer rows.
constexpr uint64_t kFewRows = 256, kFewBuckets = 64;
constexpr uint32_t kFewPanel = 64;

inline Status seed_singles(const Codes& codes, const Prepared& prepared, const ScanOptions& options,
                           uint64_t n_queries, uint64_t k, std::vector<float>& thresholds) {
  const uint64_t n = options.rows ? options.n_rows : codes.n;
  if (!prepared.wants_threshold() || n < 8 * kFewRows || 2 * k > kFewBuckets) return Status::done;
  std::vector<float> best(n_queries * kFewBuckets, -std::numeric_limits<float>::infinity());
  ScanOptions alone = options;
  alone.threads = 1;
  const Visits visits = {kFewPanel, kFewRows / kFewPanel, n / kFewRows};
  const Status status = for_panels(codes, nullptr, alone, visits, [&](const Panel& panel, unsigned) {
    float scores[kFewPanel];
    for (uint64_t q = 0; q < n_queries; ++q) {
      prepared.score(panel, q, scores);
      float* bucket = best.data() + q * kFewBuckets;
      for (uint32_t row = 0; row < panel.n; ++row)
        bucket[row] = scores[row] > bucket[row] ? scores[row] : bucket[row];
    }
  });
  if (status != Status::done) return status;
  for (uint64_t q = 0; q < n_queries; ++q) {
    float* bucket = best.data() + q * kFewBuckets;
    std::nth_element(bucket, bucket + k - 1, bucket + kFewBuckets, std::greater<>());
    thresholds[q] = bucket[k - 1];
  }
  return Status::done;
}

}  // namespace lilliput
