// Rows on affine grids of their own: x is near shift + alpha * v, v odd integers from 1 - 2^bits to 2^bits
// - 1. Aguerrebere et al., "Similarity search in the blink of an eye with compressed indices", VLDB 2023, let
// the grid reach from the least to the greatest number of a row. Here it may end before either of them: of a
// few ends, and of those that follow from the integers found, the ones are taken whose integers are nearest
// to the row in angle, both without their means. alpha and shift then give back the row's own mean and
// length.
#pragma once

#include "kernels/exact.h"

namespace lilliput::LILLIPUT_TARGET {
namespace {

constexpr int kEnds = 3;
constexpr float kShares[8][kEnds] = {// of the way from the mean to the ends, for 1 to 8 bits
                                     {0.9f, 0.6f, 0.4f},    {0.9f, 0.7f, 0.5f},   {0.95f, 0.8f, 0.65f},
                                     {0.95f, 0.85f, 0.75f}, {1.0f, 0.94f, 0.88f}, {1.0f, 0.97f, 0.94f},
                                     {1.0f, 0.985f, 0.97f}, {1.0f, 0.99f, 0.98f}};
constexpr int kTurns = 3;

// The odd integers nearest to numbers about a middle: `most` is 2^(bits - 1) - 1/2, in steps.
template <class V, class Scale>
inline V odd_near(V y, float middle, Scale inverse, float most) {
  constexpr float kMagic = 12582912.0f;  // 1.5 * 2^23, which leaves no fraction
  const V scaled = (y - middle) * inverse, end = V{} + most;
  const V low = scaled < -end ? -end : scaled;
  const V held = low > end ? end : low;
  const V floor = ((held - 0.5f) + kMagic) - kMagic;
  return 2.0f * floor + 1.0f;
}

// A line through a row without its mean, and the integers near it: their product with the row, their squared
// length and their sum.
struct Line {
  float middle, inverse;  // of two alpha
  float dot, squares, sum;

  float spread(float dim) const { return squares - sum * sum / dim; }
  // cos^2 of the angle between the two without their means, but for the length of the row.
  float closeness(float dim) const { return dot * (dot / spread(dim)); }
};

constexpr int kTogether = kParts == 1 ? kEnds : 1;  // lines whose sums stay in registers

struct LineSums {
  Vector dot[kParts] = {}, squares[kParts] = {}, sum[kParts] = {};
};

template <int Count>
inline void lines_at(const float* y, uint32_t dim, float most, Line (&line)[Count]) {
  LineSums sums[Count];
  const auto add = [&](const float* sixteen, const auto& there) {
    for (int k = 0; k < Count; ++k)
      for (int p = 0; p < kParts; ++p) {
        const Vector a = part_of(sixteen, p),
                     v = there(odd_near(a, line[k].middle, line[k].inverse, most), p);
        sums[k].dot[p] += a * v;
        sums[k].squares[p] += v * v;
        sums[k].sum[p] += v;
      }
  };
  uint32_t i = 0;
  for (; i + kLanes <= dim; i += kLanes) add(y + i, [](Vector v, int) { return v; });
  if (i < dim) {
    float tail[kLanes] = {}, there[kLanes] = {};
    __builtin_memcpy(tail, y + i, (dim - i) * sizeof(float));
    for (uint32_t j = i; j < dim; ++j) there[j - i] = 1.0f;
    add(tail, [&](Vector v, int p) { return v * part_of(there, p); });
  }
  for (int k = 0; k < Count; ++k) {
    line[k].dot = fold_lanes(sums[k].dot);
    line[k].squares = fold_lanes(sums[k].squares);
    line[k].sum = fold_lanes(sums[k].sum);
  }
}

// Calls add with sixteen numbers at a time, zeros past the last.
template <class Add>
inline void each_sixteen(const float* x, uint32_t dim, const Add& add) {
  uint32_t i = 0;
  for (; i + kLanes <= dim; i += kLanes) add(x + i);
  if (i == dim) return;
  float tail[kLanes] = {};
  __builtin_memcpy(tail, x + i, (dim - i) * sizeof(float));
  add(tail);
}

inline float sum_of_floats(const float* x, uint32_t dim) {
  Vector sum[kParts] = {};
  each_sixteen(x, dim, [&](const float* sixteen) {
    for (int p = 0; p < kParts; ++p) sum[p] += part_of(sixteen, p);
  });
  return fold_lanes(sum);
}

// The least and the greatest number, zero among them.
struct Range {
  float least = 0.0f, greatest = 0.0f;
};

inline Range range_of(const float* x, uint32_t dim) {
  Vector low[kParts] = {}, high[kParts] = {};
  each_sixteen(x, dim, [&](const float* sixteen) {
    for (int p = 0; p < kParts; ++p) {
      const Vector v = part_of(sixteen, p);
      low[p] = v < low[p] ? v : low[p];
      high[p] = v > high[p] ? v : high[p];
    }
  });
  float lows[kLanes], highs[kLanes];
  __builtin_memcpy(lows, low, sizeof lows);
  __builtin_memcpy(highs, high, sizeof highs);
  Range range;
  for (int j = 0; j < kLanes; ++j) {
    range.least = lows[j] < range.least ? lows[j] : range.least;
    range.greatest = highs[j] > range.greatest ? highs[j] : range.greatest;
  }
  return range;
}

// Of a row without its mean; dot 0 where no grid tells its numbers apart.
inline Line best_line(const float* y, uint32_t dim, uint32_t bits) {
  const float n = static_cast<float>(dim), levels = static_cast<float>((1 << bits) - 1), most = levels / 2;
  const Range range = range_of(y, dim);
  Line best{0.0f, 0.0f, 0.0f, 1.0f, 0.0f};
  const auto better = [&](const Line& line) {
    if (!(line.inverse < __builtin_inff())) return false;
    if (!(line.spread(n) > 0 && line.closeness(n) > best.closeness(n))) return false;
    best = line;
    return true;
  };
  for (const float low : kShares[bits - 1])
    for (int first = 0; first < kEnds; first += kTogether) {
      Line tried[kTogether];
      for (int k = 0; k < kTogether; ++k) {
        const float from = range.least * low, to = range.greatest * kShares[bits - 1][first + k];
        tried[k] = {(from + to) * 0.5f, levels / (to - from), 0.0f, 0.0f, 0.0f};
      }
      lines_at(y, dim, most, tried);
      for (const Line& line : tried) better(line);
    }
  for (int turn = 0; turn < kTurns; ++turn) {
    const float alpha = best.dot / best.spread(n);
    if (!(alpha > 0)) break;
    Line next[] = {{-alpha * (best.sum / n), 0.5f / alpha, 0.0f, 0.0f, 0.0f}};
    lines_at(y, dim, most, next);
    if (!better(next[0])) break;
  }
  return best;
}

// Rows as integers, still floats, and as factors; beta is minus the squared length.
inline void lines(uint32_t dim, uint64_t n, uint32_t bits, const float* x, float* integers, float* alpha,
                  float* shift, float* beta) {
  const float count = static_cast<float>(dim), most = static_cast<float>((1 << bits) - 1) / 2;
  for (uint64_t r = 0; r < n; ++r, x += dim, integers += dim) {
    const float norm = norm2(x, dim);
    const bool endless = !(norm < __builtin_inff());
    const float mean = endless ? 0.0f : sum_of_floats(x, dim) / count;
    for (uint32_t i = 0; i < dim; ++i) integers[i] = x[i] - mean;
    const Line line = best_line(integers, dim, bits);
    const bool flat = endless || !(line.dot > 0);
    alpha[r] = flat ? 0.0f : __builtin_sqrtf(norm2(integers, dim) / line.spread(count));
    shift[r] = mean - alpha[r] * (line.sum / count);
    beta[r] = -norm;
    for (uint32_t i = 0; i < dim; ++i) integers[i] = odd_near(integers[i], line.middle, line.inverse, most);
  }
}

}  // namespace
}  // namespace lilliput::LILLIPUT_TARGET
