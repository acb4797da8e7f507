// Rows as odd integers, or of eight bits as all from -127 to 127, whose errors avoid given directions.
// Rounding each number to its nearest level makes an error that points anywhere; here levels are changed,
// number by number, while that lowers |e|^2 + |L e|^2 for the error e = alpha * v - x and directions L, so
// that little of it lies where vectors and queries vary most. A row is a lane: no width changes an order.
#pragma once

#include "kernels/exact.h"

namespace lilliput::LILLIPUT_TARGET {
namespace {

constexpr int kSweeps = 2;
constexpr uint32_t kChains = 4;  // sums that run beside one another

// Integers from -most to most, a step apart.
struct Levels {
  float most, step;

  // Those nearest to numbers, given in steps.
  Vector nearest(Vector steps) const {
    constexpr float kMagic = 12582912.0f;  // 1.5 * 2^23, which leaves no fraction
    const float ends = most / step, odd = step - 1.0f;
    const Vector end = Vector{} + ends, low = steps < -end ? -end : steps, held = low > end ? end : low;
    return step * (((held - 0.5f * odd) + kMagic) - kMagic) + odd;
  }
};

inline Levels levels_of(uint32_t bits) {
  return bits == 8 ? Levels{127.0f, 1.0f} : Levels{static_cast<float>((1 << bits) - 1), 2.0f};
}

// Some rows side by side: x and v of a dimension are vectors over them.
class Settling {
 public:
  Settling(uint32_t dim, uint32_t rows, const float* x, float* v, const float* alpha, Levels levels)
      : dim_(dim), rows_(rows), x_(x), v_(v), levels_(levels) {
    float lanes[kWidth] = {};
    for (uint32_t r = 0; r < rows; ++r) lanes[r] = alpha[r];
    __builtin_memcpy(&alpha_, lanes, sizeof alpha_);
    inverse_ = alpha_ > 0.0f ? 1.0f / levels.step / alpha_ : Vector{};
  }

  // The nearest levels.
  void start(const Directions& directions) {
    Vector energy = {}, along = {};
    for (uint32_t j = 0; j < dim_; ++j) {
      const Vector x = across(x_, j), v = levels_.nearest(x * inverse_), y = alpha_ * v;
      add(y - x, directions.of + size_t{j} * kDirections);
      energy += y * y;
      along += y * x;
      spread(v, j);
    }
    reach_ = along > 0.0f ? energy / along : Vector{} + 1.0f;
  }

  // Changes levels, and gives the product of each row with its integers.
  Vector sweep(const Directions& directions) {
    Vector dot = {};
    for (uint32_t j = 0; j < dim_; ++j) {
      const float* along = directions.of + size_t{j} * kDirections;
      const Vector x = across(x_, j), v = across(v_, j);
      const Vector slope = alpha_ * v - reach_ * x + product(along);
      const Vector step = slope > 0.0f ? Vector{} - levels_.step : Vector{} + levels_.step;
      const Vector next = v + step, change = alpha_ * step;
      const Vector cost = change * (2.0f * slope + change * directions.norms[j]);
      const auto better = (cost < 0.0f) & (next <= levels_.most) & (next >= -levels_.most);
      add(better ? change : Vector{}, along);
      const Vector settled = better ? next : v;
      spread(settled, j);
      dot += x * settled;
    }
    return dot;
  }

 private:
  Vector across(const float* from, uint32_t j) const {
    float lanes[kWidth] = {};
    for (uint32_t r = 0; r < rows_; ++r) lanes[r] = from[size_t{r} * dim_ + j];
    Vector out;
    __builtin_memcpy(&out, lanes, sizeof out);
    return out;
  }

  void spread(Vector v, uint32_t j) {
    for (uint32_t r = 0; r < rows_; ++r) v_[size_t{r} * dim_ + j] = v[r];
  }

  Vector product(const float* along) const {
    Vector chain[kChains] = {};
    for (uint32_t k = 0; k < kDirections; ++k) chain[k % kChains] += error_[k] * along[k];
    return (chain[0] + chain[1]) + (chain[2] + chain[3]);
  }

  void add(Vector change, const float* along) {
    for (uint32_t k = 0; k < kDirections; ++k) error_[k] += change * along[k];
  }

  uint32_t dim_, rows_;
  const float* x_;
  float* v_;
  Levels levels_;
  Vector alpha_, inverse_;
  Vector reach_ = {};               // of alpha * v along x: it makes up for what the error takes from it
  Vector error_[kDirections] = {};  // L e
};

inline void settle(uint32_t dim, uint64_t n, uint32_t bits, const float* x, const Directions& directions,
                   float* integers, float* alpha) {
  for (uint64_t first = 0; first < n; first += kWidth) {
    const uint32_t rows = n - first < kWidth ? static_cast<uint32_t>(n - first) : kWidth;
    const float* from = x + first * dim;
    Settling group(dim, rows, from, integers + first * dim, alpha + first, levels_of(bits));
    group.start(directions);
    Vector dot = {};
    for (int sweep = 0; sweep < kSweeps; ++sweep) dot = group.sweep(directions);
    for (uint32_t r = 0; r < rows; ++r) {
      const float norm = norm2(from + size_t{r} * dim, dim);
      alpha[first + r] = dot[r] > 0 && norm < __builtin_inff() ? norm / dot[r] : 0.0f;
    }
  }
}

}  // namespace
}  // namespace lilliput::LILLIPUT_TARGET
