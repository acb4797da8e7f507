// The nearest of many words for 64 points at a time, a lane a point. A file says what its lanes can do:
// `Lanes`, `kLanes`, `splat`, `load`, `madd(sum, x, word)` for pairs of int16, and `larger(a, b)`.
#pragma once

#include "lilliput/words.h"

namespace lilliput::LILLIPUT_TARGET {
namespace {

constexpr uint32_t kWords = 4;  // scored together: their sums stay in registers

template <uint32_t Across>
inline void nearest_of(const int32_t* panel, uint32_t pairs, const int32_t* words, const int32_t* start,
                       uint32_t entries, int32_t* out) {
  Lanes best[Across];
#pragma GCC unroll 8
  for (uint32_t g = 0; g < Across; ++g) best[g] = splat(-0x7fffffff - 1);
  for (uint32_t k = 0; k < entries; k += kWords) {
    Lanes sum[kWords][Across];
#pragma GCC unroll 8
    for (uint32_t w = 0; w < kWords; ++w)
#pragma GCC unroll 8
      for (uint32_t g = 0; g < Across; ++g) sum[w][g] = splat(start[k + w]);
    const int32_t* word = words + size_t{k} * pairs;
    for (uint32_t p = 0; p < pairs; ++p) {
      Lanes x[Across];
#pragma GCC unroll 8
      for (uint32_t g = 0; g < Across; ++g) x[g] = load(panel + size_t{p} * kPoints + g * kLanes);
#pragma GCC unroll 8
      for (uint32_t w = 0; w < kWords; ++w) {
        const Lanes pair = splat(word[w * pairs + p]);
#pragma GCC unroll 8
        for (uint32_t g = 0; g < Across; ++g) sum[w][g] = madd(sum[w][g], x[g], pair);
      }
    }
#pragma GCC unroll 8
    for (uint32_t w = 0; w < kWords; ++w)
#pragma GCC unroll 8
      for (uint32_t g = 0; g < Across; ++g) best[g] = larger(best[g], sum[w][g]);
  }
#pragma GCC unroll 8
  for (uint32_t g = 0; g < Across; ++g) __builtin_memcpy(out + g * kLanes, &best[g], sizeof(Lanes));
}

inline void nearest(const int32_t* panel, uint32_t pairs, const int32_t* words, const int32_t* start,
                    uint32_t entries, int32_t* best) {
  constexpr uint32_t kStep = kAcross * kLanes;
  for (uint32_t i = 0; i < kPoints; i += kStep)
    nearest_of<kAcross>(panel + i, pairs, words, start, entries, best + i);
}

template <uint32_t Points>
inline void products_of(const int32_t* panel, uint32_t lanes, uint32_t pairs, const int32_t* points,
                        const int32_t* start, int32_t* out) {
  for (uint32_t g = 0; g < lanes; g += kLanes) {
    Lanes sum[Points];
#pragma GCC unroll 8
    for (uint32_t i = 0; i < Points; ++i) sum[i] = load(start + g);
    for (uint32_t p = 0; p < pairs; ++p) {
      const Lanes word = load(panel + size_t{p} * lanes + g);
#pragma GCC unroll 8
      for (uint32_t i = 0; i < Points; ++i) sum[i] = madd(sum[i], word, splat(points[size_t{i} * pairs + p]));
    }
#pragma GCC unroll 8
    for (uint32_t i = 0; i < Points; ++i) __builtin_memcpy(out + i * lanes + g, &sum[i], sizeof(Lanes));
  }
}

inline void products(const int32_t* panel, uint32_t lanes, uint32_t pairs, const int32_t* points, uint32_t n,
                     const int32_t* start, int32_t* out) {
  constexpr uint32_t kTogether = 8;
  uint32_t i = 0;
  for (; i + kTogether <= n; i += kTogether)
    products_of<kTogether>(panel, lanes, pairs, points + size_t{i} * pairs, start, out + size_t{i} * lanes);
  for (; i < n; ++i)
    products_of<1>(panel, lanes, pairs, points + size_t{i} * pairs, start, out + size_t{i} * lanes);
}

}  // namespace
}  // namespace lilliput::LILLIPUT_TARGET
