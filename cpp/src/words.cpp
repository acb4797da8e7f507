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
constexpr uint32_t kColumns = 16;     // of a cache line
constexpr uint32_t kSeedPoints = 16;  // a word
constexpr uint64_t kBlock = 64;       // points whose distances are summed together
constexpr int kHeadroom = 2;          // bits

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

// Sums are packed: the score, dot - |word|^2 / 2, in the upper 24 bits and 255 - the word's number in the
// lowest 8, so that the maximum has the word of the largest score, the smaller number of equals.
constexpr int32_t kNumbers = 256, kRoot = 16;
int32_t packed_start(int32_t half, uint32_t word) {
  return -half * kNumbers + (kNumbers - 1 - static_cast<int32_t>(word));
}
int32_t number_in(int32_t packed) { return kNumbers - 1 - (packed & (kNumbers - 1)); }

// How far numbers may reach from zero so that scores of `width` products fit 24 bits: of each other, where
// each side brings 16 of the 256, or with the numbers of words, which bring all of them.
constexpr double kRoom = 1 << 22;
int32_t reach(uint32_t width) {
  return static_cast<int32_t>(std::min(std::sqrt(kRoom / width), 32767.0 / kRoot));
}
int32_t reach_beside_words(uint32_t width) {
  return static_cast<int32_t>(std::min(kRoom / (static_cast<double>(kWordMost) * width), 32767.0));
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
void fill_panel(const int16_t* rows, uint32_t pairs, uint64_t n, int32_t scale, int32_t* panel) {
  for (uint32_t i = 0; i < kPoints; ++i)
    for (uint32_t p = 0; p < pairs; ++p) {
      int16_t pair[2] = {};
      if (i < n) std::memcpy(pair, rows + (size_t{i} * pairs + p) * 2, sizeof pair);
      for (int16_t& x : pair) x = static_cast<int16_t>(x * scale);
      std::memcpy(panel + p * kPoints + i, pair, sizeof pair);
    }
}

int64_t square(const int16_t* word, uint32_t numbers) {
  int64_t sum = 0;
  for (uint32_t i = 0; i < numbers; ++i) sum += int64_t{word[i]} * word[i];
  return sum;
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
      fill_panel(points_.data() + i * numbers_, pairs, n - i, kRoot, panels_.data() + i * pairs);
    best_.resize((n + kPoints - 1) / kPoints * kPoints);
    words_.resize(size_t{entries} * numbers_);
    scaled_.resize(words_.size());
    start_.resize(entries);
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
    const uint64_t whole = (m + kBlock - 1) / kBlock * kBlock;
    std::vector<float> x(size_t{numbers_} * whole), now(whole), far(whole), sums(whole / kBlock);
    for (uint64_t i = 0; i < m; ++i) {
      far[i] = std::numeric_limits<float>::infinity();
      for (uint32_t j = 0; j < numbers_; ++j) x[j * whole + i] = points_[size_t{sample[i]} * numbers_ + j];
    }
    uint64_t chosen = 0;
    for (uint64_t k = 0; k < entries_; ++k) {
      std::memcpy(words_.data() + k * numbers_, points_.data() + size_t{sample[chosen]} * numbers_,
                  numbers_ * 2);
      std::fill(now.begin(), now.end(), 0.0f);
      for (uint32_t j = 0; j < numbers_; ++j) {
        const float* coordinate = x.data() + j * whole;
        const float centre = coordinate[chosen];
        for (uint64_t i = 0; i < whole; ++i) now[i] += (coordinate[i] - centre) * (coordinate[i] - centre);
      }
      double total = 0;
      for (uint64_t b = 0; b < sums.size(); ++b)
        total += sums[b] = sum_of_smaller(far.data() + b * kBlock, now.data() + b * kBlock);
      chosen = total > 0 ? pick(far, sums, total * random.share()) : (k + 1) % m;
    }
  }

  // Gives whether any point went to another centroid.
  bool assign() {
    for (size_t i = 0; i < words_.size(); ++i) scaled_[i] = static_cast<int16_t>(words_[i] * kRoot);
    for (uint32_t k = 0; k < entries_; ++k)
      start_[k] =
          packed_start(static_cast<int32_t>(square(words_.data() + size_t{k} * numbers_, numbers_) / 2), k);
    const int32_t* words = reinterpret_cast<const int32_t*>(scaled_.data());
    bool changed = false;
    for (uint64_t i = 0; i < n_; i += kPoints) {
      int32_t best[kPoints];
      kernel_.nearest(panels_.data() + i * pairs_, pairs_, words, start_.data(), entries_, best);
      if (!assigned_ || !same_numbers(best, best_.data() + i)) {
        changed = true;
        for (uint32_t j = 0; j < kPoints && i + j < n_; ++j) recount(i + j, number_in(best[j]));
      }
      std::memcpy(best_.data() + i, best, sizeof best);
    }
    assigned_ = true;
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
    double sum = 0;
    for (uint64_t i = 0; i < n_; ++i) sum += static_cast<double>(distance(i));
    return sum / static_cast<double>(n_);
  }

  const std::vector<int16_t>& words() const { return words_; }

 private:
  // Of one block: the smaller of each, kept, and their sum, in lanes that do not wait for each other.
  static float sum_of_smaller(float* far, const float* now) {
    float lanes[16] = {};
    for (uint32_t i = 0; i < kBlock; i += 16)
      for (uint32_t j = 0; j < 16; ++j) lanes[j] += far[i + j] = std::min(far[i + j], now[i + j]);
    return std::accumulate(lanes, lanes + 16, 0.0f);
  }

  static uint64_t pick(const std::vector<float>& weights, const std::vector<float>& sums, double at) {
    uint64_t block = 0;
    while (block + 1 < sums.size() && at >= sums[block]) at -= sums[block++];
    uint64_t i = block * kBlock;
    while (i + 1 < (block + 1) * kBlock && at >= weights[i]) at -= weights[i++];
    while (weights[i] == 0 && i > 0) --i;  // rounding led past the last that may be drawn
    return i;
  }

  int64_t distance(uint64_t point) const {
    const int16_t* x = points_.data() + point * numbers_;
    const int16_t* word = words_.data() + static_cast<uint32_t>(number_in(best_[point])) * size_t{numbers_};
    int64_t sum = 0;
    for (uint32_t j = 0; j < numbers_; ++j) sum += int64_t{x[j] - word[j]} * (x[j] - word[j]);
    return sum;
  }

  static bool same_numbers(const int32_t* a, const int32_t* b) {
    int32_t different = 0;
    for (uint32_t j = 0; j < kPoints; ++j) different |= a[j] ^ b[j];
    return !(different & (kNumbers - 1));
  }

  // Sums are exact, so that a point that moves is taken from one cell and added to another.
  void recount(uint64_t point, int32_t cell) {
    const int32_t before = number_in(best_[point]);
    if (assigned_ && before == cell) return;
    if (assigned_) count(point, before, -1);
    count(point, cell, 1);
  }

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
    for (uint64_t i = 0; i < n_; ++i) far[i] = {-distance(i), i};
    const uint64_t most = std::min(empty, n_);
    std::partial_sort(far.begin(), far.begin() + static_cast<int64_t>(most), far.end());
    uint64_t next = 0;
    for (uint32_t k = 0; k < entries_ && next < most; ++k)
      if (!counts_[k])
        std::memcpy(words_.data() + size_t{k} * numbers_, points_.data() + far[next++].second * numbers_,
                    numbers_ * 2);
  }

  std::vector<int16_t> points_, words_, scaled_;
  std::vector<int32_t> panels_, start_, best_;
  bool assigned_ = false;
  std::vector<uint32_t> counts_;
  std::vector<int64_t> sums_;
  uint32_t numbers_, pairs_;
  uint64_t n_;
  uint32_t entries_;
  const NearestWord& kernel_;
};

// The mean of each column from `first` to `last`.
void centre(const Parts& parts, uint32_t first, uint32_t last, float* mean) {
  std::vector<double> sum(last - first);
  for (uint64_t r = 0; r < parts.n; ++r)
    for (uint32_t i = first; i < last; ++i) sum[i - first] += parts.x[r * parts.dim + i];
  for (uint32_t i = first; i < last; ++i)
    mean[i] = static_cast<float>(sum[i - first] / static_cast<double>(parts.n));
}

// How far each column reaches from there.
void reach_from(const Parts& parts, uint32_t first, uint32_t last, const float* mean, float* furthest) {
  for (uint64_t r = 0; r < parts.n; ++r)
    for (uint32_t i = first; i < last; ++i)
      furthest[i] = std::max(furthest[i], std::abs(parts.x[r * parts.dim + i] - mean[i]));
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

Lengths lengths_between(float least, float most) {
  const double shortest = std::sqrt(double{least}), longest = std::sqrt(double{most});
  const double slope = 1.0 / (shortest + longest);
  return {least, most, static_cast<float>(shortest * longest * slope), static_cast<float>(slope)};
}

bool train_words(const Parts& parts, const Training& training, const NearestWord& kernel,
                 const Trained& out) {
  const uint32_t width = parts.width, entries = training.entries;
  const int32_t most = reach(width);
  // Neighbouring parts are read together, as they share cache lines.
  const uint32_t together = std::max(1u, kColumns / width);
  const auto task = [&](uint64_t group, unsigned, Step& step) {
    const uint32_t first = static_cast<uint32_t>(group) * together;
    const uint32_t last = std::min(first + together, parts.count);
    std::vector<float> furthest(size_t{last} * width);
    std::fill(out.mean + size_t{first} * width, out.mean + size_t{last} * width, 0.0f);
    const uint32_t from_column = first * width, to_column = std::min(last * width, parts.dim);
    if (from_column < to_column) {  // else there is no more than what fills the last parts up
      if (training.centred) centre(parts, from_column, to_column, out.mean);
      reach_from(parts, from_column, to_column, out.mean, furthest.data());
    }
    std::vector<Points> points;
    std::vector<std::vector<int16_t>> grids;
    std::vector<float> units;
    for (uint32_t part = first; part < last; ++part) {
      const float* from = furthest.data() + size_t{part} * width;
      units.push_back(*std::max_element(from, from + width) / static_cast<float>(most));
      points.emplace_back(parts, part);
      grids.emplace_back(parts.n * 2 * points.back().pairs());
    }
    for (uint64_t r = 0; r < parts.n; ++r)
      for (uint32_t i = 0; i < last - first; ++i)
        points[i].round(r, out.mean + size_t{first + i} * width, units[i] > 0 ? 1 / units[i] : 0, most,
                        grids[i].data() + r * 2 * points[i].pairs());
    for (uint32_t part = first; part < last && step.go_on(); ++part) {
      const uint32_t i = part - first, pairs = points[i].pairs();
      Clusters clusters(std::move(grids[i]), pairs, parts.n, entries, kernel);
      clusters.seed(Random(training.seed * 0x100000001b3u + part));
      bool changed = clusters.assign();
      for (uint32_t round = 0; round < training.iterations && changed && step.go_on(); ++round) {
        clusters.move();
        changed = clusters.assign();
      }
      out.inertia[part] = clusters.inertia() * units[i] * units[i];
      out.step[part] = round_words(clusters.words(), 2 * pairs, width, entries, units[i],
                                   out.words + size_t{part} * entries * width);
    }
  };
  return parallel_for((parts.count + together - 1) / together, training.threads, task, training.poll);
}

void encode_words(const Codebook& book, const float* mean, const float* step, const Parts& parts,
                  const NearestWord& kernel, unsigned threads, std::byte* rows) {
  const uint32_t width = book.width, pairs = (width + 1) / 2, entries = book.entries;
  // Points are as fine as the sums allow, 2^shift steps a step of the words, and may lie beyond all words.
  const int shift = std::min(std::ilogb(reach_beside_words(width) / kWordMost) - kHeadroom, 7);
  std::vector<int16_t> words(size_t{book.parts} * entries * pairs * 2);
  std::vector<int32_t> start(size_t{book.parts} * entries);
  for (size_t w = 0; w < start.size(); ++w) {
    int16_t* to = words.data() + w * pairs * 2;
    for (uint32_t i = 0; i < width; ++i) to[i] = book.words[w * width + i];
    const auto half = static_cast<int32_t>(std::ldexp(square(to, width), shift - 1));
    for (uint32_t i = 0; i < width; ++i) to[i] = static_cast<int16_t>(to[i] * kNumbers);
    start[w] = packed_start(half, static_cast<uint32_t>(w) % entries);
  }
  const uint32_t bytes = entries == 16 ? (book.parts + 1) / 2 : book.parts;
  const auto task = [&](uint64_t panel_number, unsigned, Step&) {
    const uint64_t first = panel_number * kPoints, n = std::min<uint64_t>(kPoints, parts.n - first);
    std::vector<int16_t> points(size_t{kPoints} * pairs * 2);
    std::vector<int32_t> panel(size_t{kPoints} * pairs);
    std::memset(rows + first * bytes, 0, n * bytes);
    for (uint32_t part = 0; part < book.parts; ++part) {
      const Points source(parts, part);
      const float inverse = step[part] > 0 ? std::ldexp(1.0f, shift) / step[part] : 0;
      for (uint64_t r = 0; r < n; ++r)
        source.round(first + r, mean + part * width, inverse, reach_beside_words(width),
                     points.data() + r * pairs * 2);
      fill_panel(points.data(), pairs, n, 1, panel.data());
      int32_t best[kPoints];
      kernel.nearest(panel.data(), pairs,
                     reinterpret_cast<const int32_t*>(words.data()) + size_t{part} * entries * pairs,
                     start.data() + size_t{part} * entries, entries, best);
      for (uint64_t r = 0; r < n; ++r) {
        std::byte* row = rows + (first + r) * bytes;
        const int32_t number = number_in(best[r]);
        if (entries == 16)
          row[part / 2] |= static_cast<std::byte>(number << (part % 2 * 4));
        else
          row[part] = static_cast<std::byte>(number);
      }
    }
  };
  parallel_for((parts.n + kPoints - 1) / kPoints, threads, task);
}

}  // namespace lilliput
