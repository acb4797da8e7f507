// The tile unit: eight tiles of 16 rows x 64 bytes, four of them sums of a 32 x 32 block, two rows' and two
// queries'.
//
// Rows are the first operand and lie as they are; queries are the second, packed by fours (bytes) or twos
// (bf16). While one 32 x 32 block is multiplied, the scores of the block before are compared with the
// thresholds: the multiplier is busy 16 cycles an instruction, and the comparison hides behind it.
#pragma once

#include <immintrin.h>

#include "lilliput/codes.h"

namespace lilliput::amx {
namespace {

constexpr uint32_t kSide = 32;  // rows and queries of a block

struct alignas(64) TileConfig {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t bytes_per_row[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

// In static memory: GCC 12 takes the instruction to read eight bytes, and might leave the rest of a local
// unwritten.
constexpr TileConfig kConfig;

// Tiles are configured for the length of a kernel: other code on this thread finds them released.
class Tiles {
 public:
  Tiles() { _tile_loadconfig(&kConfig); }
  ~Tiles() { _tile_release(); }
  Tiles(const Tiles&) = delete;
  Tiles& operator=(const Tiles&) = delete;
};

template <bool Bytes>
inline void multiply_all() {
  if constexpr (Bytes) {
    _tile_dpbssd(0, 4, 6);
    _tile_dpbssd(1, 4, 7);
    _tile_dpbssd(2, 5, 6);
    _tile_dpbssd(3, 5, 7);
  } else {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
}

// One 32 x 32 block over `steps` times 64 bytes; `beside(step)` is what the core does meanwhile. Sums:
// [32][32].
template <bool Bytes, class Beside>
inline void multiply_block(const std::byte* rows, size_t stride, const std::byte* queries, uint32_t steps,
                           void* sums, const Beside& beside) {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (uint32_t s = 0; s < steps; ++s) {
    _tile_loadd(4, rows + size_t{s} * 64, stride);
    _tile_loadd(6, queries + size_t{s} * 2048, 64);
    _tile_loadd(7, queries + size_t{s} * 2048 + 1024, 64);
    _tile_loadd(5, rows + 16 * stride + size_t{s} * 64, stride);
    multiply_all<Bytes>();
    beside(s);
  }
  std::byte* out = static_cast<std::byte*>(sums);
  _tile_stored(0, out, 128);
  _tile_stored(1, out + 64, 128);
  _tile_stored(2, out + 16 * 128, 128);
  _tile_stored(3, out + 16 * 128 + 64, 128);
}

template <class Compare>
inline void collect(Compare& compare, const int32_t* sums, uint32_t block, const uint16_t* masks) {
  const __m512i low = _mm512_load_si512(masks), high = _mm512_load_si512(masks + kSide);
  uint64_t some = uint64_t{_mm512_test_epi16_mask(high, high)} << 32 | _mm512_test_epi16_mask(low, low);
  if (some == 0) [[likely]]
    return;
  bool risen = false;
  for (; some; some &= some - 1) {
    const uint32_t v = static_cast<uint32_t>(__builtin_ctzll(some));
    for (uint32_t m = masks[v]; m; m &= m - 1)
      risen |= compare.hit(sums, block, v / 2, v % 2 * 16 + static_cast<uint32_t>(__builtin_ctz(m)));
  }
  if (risen) compare.lower();
}

// A block's worth of factors: in place, or copied where the panel ends within the block.
class Factors {
 public:
  explicit Factors(const float* all) : all_(all) {}
  bool given() const { return all_ != nullptr; }
  void begin(uint32_t block, uint32_t n) {
    if (!all_) return;
    const uint32_t first = block * kSide, left = n - first;
    at_ = all_ + first;
    if (left >= kSide) return;
    for (uint32_t i = 0; i < kSide; ++i) tail_[i] = i < left ? at_[i] : 0.0f;
    at_ = tail_;
  }
  __m512 operator[](uint32_t row) const { return _mm512_set1_ps(at_[row]); }

 private:
  const float* all_;
  const float* at_ = nullptr;
  float tail_[kSide];
};

// Walks a panel in blocks, two buffers of sums in turn. Compare has `begin(block)`, `masks(sums, row, out)`
// giving two 16-bit masks of the scores that reach their thresholds, `hit(sums, block, row, query)` for each
// of them, true when a threshold has risen, and `lower()` to take that up.
template <bool Bytes, class Compare>
inline void walk(const std::byte* rows, size_t stride, uint32_t n_blocks, const std::byte* queries,
                 uint32_t steps, Compare& compare) {
  alignas(64) int32_t sums[2][kSide * kSide];
  alignas(64) uint16_t masks[2 * kSide];
  const uint32_t chunk = (kSide + steps - 1) / steps;
  const auto nothing = [](uint32_t) {};
  for (uint32_t b = 0; b <= n_blocks; ++b) {
    const int32_t* before = sums[(b + 1) & 1];
    const std::byte* block = rows + size_t{b} * kSide * stride;
    if (b == 0) {
      multiply_block<Bytes>(block, stride, queries, steps, sums[0], nothing);
      continue;
    }
    compare.begin(b - 1);
    const auto scan = [&](uint32_t step) {
      const uint32_t to = (step + 1) * chunk < kSide ? (step + 1) * chunk : kSide;
      for (uint32_t row = step * chunk; row < to; ++row) compare.masks(before, row, masks + 2 * row);
    };
    if (b < n_blocks) {
      multiply_block<Bytes>(block, stride, queries, steps, sums[b & 1], scan);
    } else {
      for (uint32_t s = 0; s < steps; ++s) scan(s);
    }
    collect(compare, before, b - 1, masks);
  }
}

}  // namespace
}  // namespace lilliput::amx
