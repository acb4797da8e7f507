// Rows cut into panels: in place where they lie together, copied side by side where a filter picked them.
#pragma once

#include <algorithm>
#include <cstring>

#include "index/memory.h"
#include "lilliput/codes.h"
#include "lilliput/page_guard.h"

namespace lilliput {

constexpr uint32_t kPanelBytes = 384 * 1024;  // of rows as multiplied: a fifth of a second-level cache
constexpr uint32_t kLeastPanel = 64, kMostPanel = 1024;
constexpr uint32_t kMostUntiled = 8192;  // rows whose scores are not held together

// From how many queries on a tile is faster than one query at a time. A gate spares one query most rows.
inline uint32_t least_queries(const Codes& codes, const Tile& tile) {
  constexpr uint32_t kGated = 16;
  return codes.gate ? std::max(kGated, tile.least_queries) : tile.least_queries;
}

// How many rows a panel holds; a multiple of 64.
inline uint32_t panel_rows(const Codes& codes, const Tile* tile) {
  const size_t converted = tile ? tile->panel_bytes(codes.dim, kLeastPanel) / kLeastPanel : 0;
  const size_t row = std::max<size_t>({converted, codes.row_bytes + (tile ? codes.more_bytes : 0), 1});
  return static_cast<uint32_t>(
      std::clamp<size_t>(kPanelBytes / row / 64 * 64, kLeastPanel, tile ? kMostPanel : kMostUntiled));
}

// False where a page under these rows is corrupt.
inline bool touch(const Codes& codes, uint64_t first, uint64_t n) {
  if (!codes.guard) return true;
  const auto whole = [&](const std::byte* part, size_t width) {
    return codes.guard->touch(part + first * width, n * width);
  };
  return whole(codes.rows, codes.row_bytes) && (!codes.more || whole(codes.more, codes.more_bytes));
}

// One thread's panel and the memory behind it.
class PanelMaker {
 public:
  PanelMaker(const Codes& codes, const Tile* tile, const uint32_t* rows, uint64_t n_rows, uint32_t most)
      : codes_(codes), tile_(tile), rows_(rows), n_rows_(rows ? n_rows : codes.n), most_(most) {}

  uint64_t count() const { return (n_rows_ + most_ - 1) / most_; }

  // False where a page of the rows is corrupt.
  bool make(uint64_t i, Panel& panel) {
    const uint64_t first = i * most_;
    const uint32_t n = static_cast<uint32_t>(std::min<uint64_t>(most_, n_rows_ - first));
    if (!(rows_ ? pick(first, n) : view(first, n))) return false;
    panel = {&part_,
             part_.rows,
             part_.row_bytes,
             nullptr,
             0,
             n,
             static_cast<uint32_t>(first),
             rows_ ? rows_ + first : nullptr};
    const size_t bytes = tile_ ? tile_->panel_bytes(codes_.dim, n) : 0;
    if (bytes) tile_->load(panel, converted_.reserve(bytes));
    return true;
  }

 private:
  bool view(uint64_t first, uint32_t n) {
    part_ = codes_;
    part_.n = n;
    part_.rows = codes_.rows + first * codes_.row_bytes;
    if (codes_.alpha) part_.alpha = codes_.alpha + first;
    if (codes_.beta) part_.beta = codes_.beta + first;
    if (codes_.shift) part_.shift = codes_.shift + first;
    if (codes_.more) part_.more = codes_.more + first * codes_.more_bytes;
    return touch(codes_, first, n);
  }

  bool pick(uint64_t first, uint32_t n) {
    const size_t width = codes_.row_bytes, below = codes_.more_bytes, factors = size_t{most_} * sizeof(float);
    std::byte* memory = picked_.reserve(size_t{most_} * (width + below) + 3 * factors + 64);
    float* alpha = reinterpret_cast<float*>(memory);
    float* beta = alpha + most_;
    float* shift = beta + most_;
    std::byte* out = memory + 3 * factors;
    std::byte* more = out + most_ * width;
    for (uint32_t r = 0; r < n; ++r) {
      const uint64_t row = rows_[first + r];
      if (!touch(codes_, row, 1)) return false;
      std::memcpy(out + r * width, codes_.rows + row * width, width);
      if (below) std::memcpy(more + r * below, codes_.more + row * below, below);
      if (codes_.alpha) alpha[r] = codes_.alpha[row];
      if (codes_.beta) beta[r] = codes_.beta[row];
      if (codes_.shift) shift[r] = codes_.shift[row];
    }
    part_ = codes_;
    part_.n = n;
    part_.rows = out;
    part_.more = below ? more : nullptr;
    part_.alpha = codes_.alpha ? alpha : nullptr;
    part_.beta = codes_.beta ? beta : nullptr;
    part_.shift = codes_.shift ? shift : nullptr;
    part_.guard = nullptr;
    return true;
  }

  const Codes& codes_;
  const Tile* tile_;
  const uint32_t* rows_;
  uint64_t n_rows_;
  uint32_t most_;
  Codes part_{};
  Memory picked_, converted_;
};

}  // namespace lilliput
