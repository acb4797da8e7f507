// Codebooks of words: Lloyd's algorithm in integers, part by part.
#include "lilliput/words.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "kernels/words/tables.h"
#include "lilliput/isa.h"

namespace lilliput {
namespace {

constexpr float kWordMost = 127;
constexpr uint32_t kSeedPoints = 16;  // a word

// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  double share() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  uint64_t below(uint64_t n) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(next()) * n) >> 64);
  }

 private:
  uint64_t state_;
};

// How far numbers may reach from zero so that no sum of `width` products overflows: of each other, or with
// the numbers of words.
constexpr double kRoom = 1 << 30;
int32_t reach(uint32_t width) { return static_cast<int32_t>(std::min(30000.0, std::sqrt(kRoom / width))); }
int32_t reach_beside_words(uint32_t width) {
  return static_cast<int32_t>(std::min(32767.0, kRoom / (static_cast<double>(kWordMost) * width)));
}

// One part of all rows as int16: rint((x - mean) * inverse), cut off at `most`.
class Points {
 public:
  Points(const Parts& parts, uint32_t part) : parts_(parts), width_(parts.width), pairs_((width_ + 1) / 2) {
    first_ = part * width_;
    known_ = parts.dim > first_ ? std::min(width_, parts.dim - first_) : 0;
  }
  uint32_t pairs() const { return pairs_; }
  uint32_t known() const { return known_; }
  const float* at(uint64_t row) const { return parts_.x + row * parts_.dim + first_; }

  void round(uint64_t row, const float* mean, float inverse, int32_t most, int16_t* out) const {
    const float* x = at(row);
    const float bound = static_cast<float>(most);
    for (uint32_t i = 0; i < known_; ++i) {
      const float v = std::min(std::max((x[i] - mean[i]) * inverse, -bound), bound);
      // Adding 1.5 * 2^23 leaves the integer, half to even, in the low bits.
      out[i] = static_cast<int16_t>(std::bit_cast<int32_t>(v + 12582912.0f));
    }
  }

 private:
  const Parts& parts_;
  uint32_t width_, pairs_, first_, known_;
};

// Points side by side as the kernels take them; those past the last are zero.
void fill_panel(const int16_t* rows, uint32_t pairs, uint64_t n, int32_t* panel) {
  for (uint32_t i = 0; i < kPoints; ++i)
    for (uint32_t p = 0; p < pairs; ++p) {
      int32_t pair = 0;
      if (i < n) std::memcpy(&pair, rows + (size_t{i} * pairs + p) * 2, sizeof pair);
      panel[p * kPoints + i] = pair;
    }
}

// |word|^2 / 2, times 2^shift.
int32_t half_square(const int16_t* word, uint32_t numbers, uint32_t shift = 0) {
  int64_t sum = 0;
  for (uint32_t i = 0; i < numbers; ++i) sum += int64_t{word[i]} * word[i];
  return static_cast<int32_t>((sum << shift) / 2);
}

// One part's clustering: points and centroids are rows of 2 * pairs int16.
class Clusters {
 public:
  Clusters(std::vector<int16_t> points, uint32_t pairs, uint64_t n, uint32_t entries,
           const NearestWord& kernel)
      : points_(std::move(points)),
        numbers_(2 * pairs),
        pairs_(pairs),
        n_(n),
        entries_(entries),
        kernel_(kernel) {
    panels_.resize((n + kPoints - 1) / kPoints * kPoints * pairs);
    for (uint64_t i = 0; i < n; i += kPoints)
      fill_panel(points_.data() + i * numbers_, pairs, n - i, panels_.data() + i * pairs);
    index_.assign((n + kPoints - 1) / kPoints * kPoints, -1);
    score_.resize(index_.size());
    words_.resize(size_t{entries} * numbers_);
    half_.resize(entries);
    counts_.resize(entries);
    sums_.resize(size_t{entries} * numbers_);
  }

  // Arthur and Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007, among a sample of
  // the points: each centre is drawn with the chance of its squared distance from those before. With fewer
  // points than words, points come again.
  void seed(Random random) {
    const uint64_t m = std::min<uint64_t>(n_, uint64_t{kSeedPoints} * entries_);
    std::vector<uint32_t> sample(n_);
    std::iota(sample.begin(), sample.end(), 0u);
    for (uint64_t i = 0; i < m; ++i) std::swap(sample[i], sample[i + random.below(n_ - i)]);
    std::vector<float> x(size_t{numbers_} * m), far(m, std::numeric_limits<float>::infinity()), now(m);
    for (uint64_t i = 0; i < m; ++i)
      for (uint32_t j = 0; j < numbers_; ++j) x[j * m + i] = points_[size_t{sample[i]} * numbers_ + j];
    uint64_t chosen = 0;
    for (uint64_t k = 0; k < entries_; ++k) {
      std::memcpy(words_.data() + k * numbers_, points_.data() + size_t{sample[chosen]} * numbers_,
                  numbers_ * 2);
      std::fill(now.begin(), now.end(), 0.0f);
      for (uint32_t j = 0; j < numbers_; ++j) {
        const float* coordinate = x.data() + j * m;
        const float centre = coordinate[chosen];
        for (uint64_t i = 0; i < m; ++i) now[i] += (coordinate[i] - centre) * (coordinate[i] - centre);
      }
      double total = 0;
      for (uint64_t i = 0; i < m; ++i) total += far[i] = std::min(far[i], now[i]);
      chosen = total > 0 ? pick(far, total * random.share()) : (k + 1) % m;
    }
  }

  // Gives whether any point went to another centroid.
  bool assign() {
    for (uint32_t k = 0; k < entries_; ++k)
      half_[k] = half_square(words_.data() + size_t{k} * numbers_, numbers_);
    const int32_t* words = reinterpret_cast<const int32_t*>(words_.data());
    bool changed = false;
    for (uint64_t i = 0; i < n_; i += kPoints) {
      int32_t index[kPoints];
      kernel_.nearest(panels_.data() + i * pairs_, pairs_, words, half_.data(), entries_, index,
                      score_.data() + i);
      if (std::memcmp(index, index_.data() + i, sizeof index) == 0) continue;
      changed = true;
      for (uint32_t j = 0; j < kPoints && i + j < n_; ++j)
        if (index[j] != index_[i + j]) {
          if (index_[i + j] >= 0) count(i + j, index_[i + j], -1);
          count(i + j, index[j], 1);
        }
      std::memcpy(index_.data() + i, index, sizeof index);
    }
    return changed;
  }

  void move() {
    for (uint32_t k = 0; k < entries_; ++k)
      for (uint32_t j = 0; counts_[k] && j < numbers_; ++j)
        words_[k * numbers_ + j] =
            static_cast<int16_t>(std::lround(static_cast<double>(sums_[k * numbers_ + j]) / counts_[k]));
    fill_empty();
  }

  // The mean squared distance of a point to its centroid, in units of the grid.
  double inertia() const {
    double squares = 0;
    for (const int16_t x : points_) squares += static_cast<double>(x) * x;
    for (uint64_t i = 0; i < n_; ++i) squares -= 2.0 * score_[i];
    return squares / static_cast<double>(n_);
  }

  const std::vector<int16_t>& words() const { return words_; }

 private:
  static uint64_t pick(const std::vector<float>& weights, double at) {
    uint64_t i = 0;
    while (i + 1 < weights.size() && at >= weights[i]) at -= weights[i++];
    return i;
  }

  // Sums are exact, so that a point that moves is taken from one cell and added to another.
  void count(uint64_t point, int32_t cell, int32_t sign) {
    const int16_t* x = points_.data() + point * numbers_;
    int64_t* sum = sums_.data() + size_t{static_cast<uint32_t>(cell)} * numbers_;
    for (uint32_t j = 0; j < numbers_; ++j) sum[j] += int64_t{sign} * x[j];
    counts_[static_cast<uint32_t>(cell)] += static_cast<uint32_t>(sign);
  }

  // An empty cell goes to a point that is far from its centre; the furthest first, and of equals the first.
  void fill_empty() {
    const auto empty = static_cast<uint64_t>(std::count(counts_.begin(), counts_.end(), 0u));
    if (!empty) return;
    std::vector<std::pair<int64_t, uint64_t>> far(n_);
    for (uint64_t i = 0; i < n_; ++i) {
      const int16_t* x = points_.data() + i * numbers_;
      int64_t square = 0;
      for (uint32_t j = 0; j < numbers_; ++j) square += int64_t{x[j]} * x[j];
      far[i] = {2 * int64_t{score_[i]} - square, i};
    }
    const uint64_t most = std::min(empty, n_);
    std::partial_sort(far.begin(), far.begin() + static_cast<int64_t>(most), far.end());
    uint64_t next = 0;
    for (uint32_t k = 0; k < entries_ && next < most; ++k)
      if (!counts_[k])
        std::memcpy(words_.data() + size_t{k} * numbers_, points_.data() + far[next++].second * numbers_,
                    numbers_ * 2);
  }

  std::vector<int16_t> points_, words_;
  std::vector<int32_t> panels_, half_, index_, score_;
  std::vector<uint32_t> counts_;
  std::vector<int64_t> sums_;
  uint32_t numbers_, pairs_;
  uint64_t n_;
  uint32_t entries_;
  const NearestWord& kernel_;
};

void mean_of(const Points& points, uint64_t n, uint32_t width, float* mean, float& furthest) {
  std::vector<double> sum(width);
  for (uint64_t r = 0; r < n; ++r)
    for (uint32_t i = 0; i < points.known(); ++i) sum[i] += points.at(r)[i];
  for (uint32_t i = 0; i < width; ++i) mean[i] = static_cast<float>(sum[i] / static_cast<double>(n));
  furthest = 0;
  for (uint64_t r = 0; r < n; ++r)
    for (uint32_t i = 0; i < points.known(); ++i)
      furthest = std::max(furthest, std::abs(points.at(r)[i] - mean[i]));
}

// Centroids to int8 words, and the step that they are multiples of.
float round_words(const std::vector<int16_t>& centroids, uint32_t numbers, uint32_t width, uint32_t entries,
                  float unit, int8_t* words) {
  int32_t most = 1;
  for (const int16_t c : centroids) most = std::max(most, std::abs(int32_t{c}));
  const float factor = kWordMost / static_cast<float>(most);
  for (uint32_t k = 0; k < entries; ++k)
    for (uint32_t i = 0; i < width; ++i)
      words[k * width + i] =
          static_cast<int8_t>(std::lround(static_cast<float>(centroids[k * numbers + i]) * factor));
  return unit * static_cast<float>(most) / kWordMost;
}

}  // namespace

const NearestWord& nearest_word(Isa isa) {
#ifdef LILLIPUT_X86
  if (isa == Isa::avx512 || isa == Isa::amx) return avx512::nearest_word;
  if (isa == Isa::avx2) return avx2::nearest_word;
#endif
  (void)isa;
  return portable::nearest_word;
}

bool train_words(const Parts& parts, const Training& training, const NearestWord& kernel,
                 const Trained& out) {
  const uint32_t width = parts.width, entries = training.entries;
  const auto task = [&](uint64_t part, unsigned, Step& step) {
    const Points points(parts, static_cast<uint32_t>(part));
    const uint32_t numbers = 2 * points.pairs();
    float* mean = out.mean + part * width;
    float furthest;
    mean_of(points, parts.n, width, mean, furthest);
    const int32_t most = reach(width);
    const float inverse = furthest > 0 ? static_cast<float>(most) / furthest : 0;
    const float unit = furthest > 0 ? furthest / static_cast<float>(most) : 0;
    std::vector<int16_t> grid(parts.n * numbers);
    for (uint64_t r = 0; r < parts.n; ++r) points.round(r, mean, inverse, most, grid.data() + r * numbers);
    Clusters clusters(std::move(grid), points.pairs(), parts.n, entries, kernel);
    clusters.seed(Random(training.seed * 0x100000001b3u + part));
    bool changed = clusters.assign();
    for (uint32_t i = 0; i < training.iterations && changed && step.go_on(); ++i) {
      clusters.move();
      changed = clusters.assign();
    }
    out.inertia[part] = clusters.inertia() * unit * unit;
    out.step[part] =
        round_words(clusters.words(), numbers, width, entries, unit, out.words + part * entries * width);
  };
  return parallel_for(parts.count, training.threads, task, training.poll);
}

void encode_words(const Codebook& book, const float* mean, const float* step, const Parts& parts,
                  const NearestWord& kernel, unsigned threads, std::byte* rows) {
  const uint32_t width = book.width, pairs = (width + 1) / 2, entries = book.entries;
  // Points are as fine as the sums allow: 2^shift steps a step of the words.
  const int32_t most = reach_beside_words(width);
  const uint32_t fit = static_cast<uint32_t>(std::bit_width(static_cast<uint32_t>(most) / 127));
  const uint32_t shift = std::min(7u, fit ? fit - 1 : 0);
  std::vector<int16_t> words(size_t{book.parts} * entries * pairs * 2);
  std::vector<int32_t> half(size_t{book.parts} * entries);
  for (size_t w = 0; w < half.size(); ++w) {
    int16_t* to = words.data() + w * pairs * 2;
    for (uint32_t i = 0; i < width; ++i) to[i] = book.words[w * width + i];
    half[w] = half_square(to, width, shift);
  }
  const uint32_t bytes = entries == 16 ? (book.parts + 1) / 2 : book.parts;
  const auto task = [&](uint64_t panel_number, unsigned, Step&) {
    const uint64_t first = panel_number * kPoints, n = std::min<uint64_t>(kPoints, parts.n - first);
    std::vector<int16_t> points(size_t{kPoints} * pairs * 2);
    std::vector<int32_t> panel(size_t{kPoints} * pairs);
    std::memset(rows + first * bytes, 0, n * bytes);
    for (uint32_t part = 0; part < book.parts; ++part) {
      const Points source(parts, part);
      const float inverse = step[part] > 0 ? static_cast<float>(1u << shift) / step[part] : 0;
      for (uint64_t r = 0; r < n; ++r)
        source.round(first + r, mean + part * width, inverse, most, points.data() + r * pairs * 2);
      fill_panel(points.data(), pairs, n, panel.data());
      int32_t index[kPoints], score[kPoints];
      kernel.nearest(panel.data(), pairs,
                     reinterpret_cast<const int32_t*>(words.data()) + size_t{part} * entries * pairs,
                     half.data() + size_t{part} * entries, entries, index, score);
      for (uint64_t r = 0; r < n; ++r) {
        std::byte* row = rows + (first + r) * bytes;
        if (entries == 16)
          row[part / 2] |= static_cast<std::byte>(index[r] << (part % 2 * 4));
        else
          row[part] = static_cast<std::byte>(index[r]);
      }
    }
  };
  parallel_for((parts.n + kPoints - 1) / kPoints, threads, task);
}

}  // namespace lilliput
