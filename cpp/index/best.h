// Bounded lists of the best hits: appended to while there is room, cut back to k when full.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "lilliput/codes.h"

namespace lilliput {

// Larger scores first, then smaller ids.
struct Better {
  const int64_t* ids;
  bool operator()(const Hit& a, const Hit& b) const {
    if (a.score != b.score) return a.score > b.score;
    return ids ? ids[a.row] < ids[b.row] : a.row < b.row;
  }
};

// The lists of up to kGroup queries.
class BestOfGroup {
 public:
  BestOfGroup(uint32_t n, const float* thresholds, uint64_t k, uint32_t capacity, const int64_t* ids)
      : k_(k), better_{ids}, hits_(std::make_unique_for_overwrite<Hit[]>(size_t{capacity} * n)) {
    link_.sink.capacity = capacity;
    link_.sink.shrink = [](Sink& sink, uint32_t query) { reinterpret_cast<Link&>(sink).owner->cut(query); };
    link_.owner = this;
    for (uint32_t q = 0; q < kGroup; ++q) {
      link_.sink.hits[q] = q < n ? hits_.get() + size_t{q} * capacity : nullptr;
      link_.sink.size[q] = 0;
      link_.sink.threshold[q] = q < n ? thresholds[q] : std::numeric_limits<float>::infinity();
    }
  }
  BestOfGroup(const BestOfGroup&) = delete;
  BestOfGroup& operator=(const BestOfGroup&) = delete;

  Sink& sink() { return link_.sink; }

  void append_to(std::vector<Hit>& out, uint32_t query) {
    out.insert(out.end(), link_.sink.hits[query], link_.sink.hits[query] + link_.sink.size[query]);
  }

 private:
  struct Link {
    Sink sink;
    BestOfGroup* owner;
  };

  void cut(uint32_t query) {
    Hit* hits = link_.sink.hits[query];
    if (link_.sink.capacity == k_ + 1)
      put_in_order(hits, query);
    else
      std::nth_element(hits, hits + k_ - 1, hits + link_.sink.size[query], better_);
    link_.sink.size[query] = static_cast<uint32_t>(k_);
    link_.sink.threshold[query] = std::max(link_.sink.threshold[query], hits[k_ - 1].score);
  }

  // All but the last are in order already, but for the first time.
  void put_in_order(Hit* hits, uint32_t query) {
    for (uint64_t i = in_order_ >> query & 1 ? k_ : 1; i <= k_; ++i) {
      const Hit hit = hits[i];
      uint64_t at = i;
      for (; at > 0 && better_(hit, hits[at - 1]); --at) hits[at] = hits[at - 1];
      hits[at] = hit;
    }
    in_order_ |= uint64_t{1} << query;
  }

  Link link_;
  uint64_t k_;
  uint64_t in_order_ = 0;  // a bit for each query
  static_assert(kGroup <= 64);
  Better better_;
  std::unique_ptr<Hit[]> hits_;
};

// The lists of up to kGroup queries that want everything above a bar.
class AllOfGroup {
 public:
  AllOfGroup(uint32_t n, const float* thresholds)
      : hits_(std::make_unique_for_overwrite<Hit[]>(size_t{kRoom} * n)) {
    link_.sink.capacity = kRoom;
    link_.sink.shrink = [](Sink& sink, uint32_t query) { reinterpret_cast<Link&>(sink).owner->drain(query); };
    link_.owner = this;
    for (uint32_t q = 0; q < kGroup; ++q) {
      link_.sink.hits[q] = q < n ? hits_.get() + size_t{q} * kRoom : nullptr;
      link_.sink.size[q] = 0;
      link_.sink.threshold[q] = q < n ? thresholds[q] : std::numeric_limits<float>::infinity();
    }
  }
  AllOfGroup(const AllOfGroup&) = delete;
  AllOfGroup& operator=(const AllOfGroup&) = delete;

  Sink& sink() { return link_.sink; }

  void append_to(std::vector<Hit>& out, uint32_t query) {
    drain(query);
    out.insert(out.end(), kept_[query].begin(), kept_[query].end());
  }

 private:
  static constexpr uint32_t kRoom = 256;
  struct Link {
    Sink sink;
    AllOfGroup* owner;
  };

  void drain(uint32_t query) {
    const Hit* hits = link_.sink.hits[query];
    kept_[query].insert(kept_[query].end(), hits, hits + link_.sink.size[query]);
    link_.sink.size[query] = 0;
  }

  Link link_;
  std::unique_ptr<Hit[]> hits_;
  std::vector<Hit> kept_[kGroup];
};

}  // namespace lilliput
