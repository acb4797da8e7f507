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

inline Line line_at(const float* y, uint32_t dim, float middle, float inverse, float most) {
  Vector dot[kParts] = {}, squares[kParts] = {}, sum[kParts] = {};
  const auto add = [&](const float* sixteen, const float* there) {
    for (int p = 0; p < kParts; ++p) {
      Vector a, mask;
      __builtin_memcpy(&a, sixteen + p * kWidth, sizeof a);
      __builtin_memcpy(&mask, there + p * kWidth, sizeof mask);
      const Vector v = odd_near(a, middle, inverse, most) * mask;
      dot[p] += a * v;
      squares[p] += v * v;
      sum[p] += v;
    }
  };
  static constexpr float kAll[kLanes] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  uint32_t i = 0;
  for (; i + kLanes <= dim; i += kLanes) add(y + i, kAll);
  if (i < dim) {
    float tail[kLanes] = {}, there[kLanes] = {};
    __builtin_memcpy(tail, y + i, (dim - i) * sizeof(float));
    __builtin_memcpy(there, kAll, (dim - i) * sizeof(float));
    add(tail, there);
  }
  return {middle, inverse, fold_lanes(dot), fold_lanes(squares), fold_lanes(sum)};
}

inline float sum_of_floats(const float* x, uint32_t dim) {
  Vector sum[kParts] = {};
  for (uint32_t i = 0; i < dim; i += kLanes) {
    float sixteen[kLanes] = {};
    __builtin_memcpy(sixteen, x + i, (dim - i < kLanes ? dim - i : kLanes) * sizeof(float));
    for (int p = 0; p < kParts; ++p) {
      Vector v;
      __builtin_memcpy(&v, sixteen + p * kWidth, sizeof v);
      sum[p] += v;
    }
  }
  return fold_lanes(sum);
}

// Of a row without its mean; dot 0 where no grid tells its numbers apart.
inline Line best_line(const float* y, uint32_t dim, uint32_t bits) {
  const float n = static_cast<float>(dim), levels = static_cast<float>((1 << bits) - 1), most = levels / 2;
  float least = 0.0f, greatest = 0.0f;
  for (uint32_t i = 0; i < dim; ++i) {
    least = y[i] < least ? y[i] : least;
    greatest = y[i] > greatest ? y[i] : greatest;
  }
  Line best{0.0f, 0.0f, 0.0f, 1.0f, 0.0f};
  const auto better = [&](float middle, float inverse) {
    if (!(inverse < __builtin_inff())) return false;
    const Line line = line_at(y, dim, middle, inverse, most);
    if (!(line.spread(n) > 0 && line.closeness(n) > best.closeness(n))) return false;
    best = line;
    return true;
  };
  for (const float low : kShares[bits - 1])
    for (const float high : kShares[bits - 1]) {
      const float from = least * low, to = greatest * high;
      better((from + to) * 0.5f, levels / (to - from));
    }
  for (int turn = 0; turn < kTurns; ++turn) {
    const float alpha = best.dot / best.spread(n);
    if (!(alpha > 0) || !better(-alpha * (best.sum / n), 0.5f / alpha)) break;
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
