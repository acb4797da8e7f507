// What a tile does with 16 scores: write them out, or push those that reach their query's threshold.
#pragma once

#include <immintrin.h>

#include "lilliput/codes.h"

namespace lilliput::avx512 {
namespace {

struct WriteOut {
  float* out;
  void operator()(uint32_t row, int vector, __m512 score) const {
    _mm512_storeu_ps(out + size_t{row} * kGroup + 16 * vector, score);
  }
};

// True when the list was full and its threshold has risen.
inline bool push(Sink& sink, uint32_t query, uint32_t row, float score) {
  if (!(score >= sink.threshold[query])) return false;
  sink.hits[query][sink.size[query]] = {score, row};
  if (++sink.size[query] < sink.capacity) return false;
  sink.shrink(sink, query);
  return true;
}

struct PushHits {
  const Panel& panel;
  Sink& sink;
  uint32_t n_queries;
  uint32_t number(uint32_t row) const { return panel.numbers ? panel.numbers[row] : panel.first + row; }
  void operator()(uint32_t row, int vector, __m512 score) const {
    uint32_t hits = _mm512_cmp_ps_mask(score, _mm512_loadu_ps(sink.threshold + 16 * vector), _CMP_GE_OQ);
    if (hits == 0) [[likely]]
      return;
    alignas(64) float s[16];
    _mm512_store_ps(s, score);
    for (; hits; hits &= hits - 1) {
      const uint32_t lane = static_cast<uint32_t>(__builtin_ctz(hits)), query = 16 * vector + lane;
      if (query < n_queries) push(sink, query, number(row), s[lane]);
    }
  }
};

}  // namespace
}  // namespace lilliput::avx512
