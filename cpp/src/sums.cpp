// Rows as sums of words: a beam search in integers, so that codes are the same on every machine.
#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <vector>

#include "lilliput/words.h"

namespace lilliput {
namespace {

constexpr uint64_t kRowsTogether = 8;  // they share the words of a part
constexpr int32_t kMostWord = 128;
constexpr int32_t kRoom = 8;  // a row may lie so many times further out than a word

// What is left of rows are int16, 2^shift a step, cut off at `most`: products with a word then fit 32 bits.
struct Scale {
  int32_t most;
  int shift;

  explicit Scale(uint32_t width)
      : most(static_cast<int32_t>(std::min<uint64_t>(16383, (1u << 30) / (uint64_t{kMostWord} * width)))),
        shift(std::bit_width(static_cast<uint32_t>(most / kRoom / kMostWord)) - 1) {}
};

// The words of all parts as the kernels take them.
class Panels {
 public:
  Panels(const Codebook& book, int shift) : book_(book), pairs_((book.width + 1) / 2) {
    panels_.resize(size_t{book.parts} * pairs_ * book.entries);
    start_.resize(size_t{book.parts} * book.entries);
    for (uint32_t part = 0; part < book.parts; ++part)
      for (uint32_t k = 0; k < book.entries; ++k) place(part, k, shift);
  }
  uint32_t pairs() const { return pairs_; }
  const int32_t* panel(uint32_t part) const { return panels_.data() + size_t{part} * pairs_ * book_.entries; }
  const int32_t* start(uint32_t part) const { return start_.data() + size_t{part} * book_.entries; }
  const int8_t* word(uint32_t part, uint32_t k) const {
    return book_.words + (size_t{part} * book_.entries + k) * book_.width;
  }

 private:
  void place(uint32_t part, uint32_t k, int shift) {
    const int8_t* from = word(part, k);
    int32_t square = 0;
    for (uint32_t p = 0; p < pairs_; ++p) {
      const int16_t pair[2] = {from[2 * p], int16_t{2 * p + 1 < book_.width ? from[2 * p + 1] : int8_t{0}}};
      std::memcpy(&panels_[(size_t{part} * pairs_ + p) * book_.entries + k], pair, sizeof pair);
      square += pair[0] * pair[0] + pair[1] * pair[1];
    }
    start_[size_t{part} * book_.entries + k] = -(square << shift >> 1);
  }

  const Codebook& book_;
  uint32_t pairs_;
  std::vector<int32_t> panels_, start_;
};

// A sum that is one word longer: `at` is its origin's number times the entries, and the word's number. Taking
// a word brings a sum nearer to the row by twice what the kernel's product says, in squares.
struct Longer {
  int64_t gain;
  uint32_t at;
};

// The best of all, the first of equals; gives their number.
uint32_t best_of(const int64_t* gains, const int32_t* products, uint32_t sums, uint32_t entries,
                 uint32_t most, Longer* best) {
  uint32_t count = 0;
  int64_t bar = std::numeric_limits<int64_t>::min();
  for (uint32_t at = 0; at < sums * entries; ++at) {
    const int64_t gain = gains[at / entries] + products[at];
    if (count == most && gain <= bar) continue;
    uint32_t i = count < most ? count++ : most - 1;
    for (; i > 0 && best[i - 1].gain < gain; --i) best[i] = best[i - 1];
    best[i] = {gain, at};
    bar = best[count - 1].gain;
  }
  return count;
}

// The beams of some rows.
class Beams {
 public:
  Beams(const Panels& panels, const Codebook& book, const Scale& scale, uint32_t beam)
      : panels_(panels), book_(book), scale_(scale), beam_(beam), numbers_(2 * panels.pairs()) {
    const size_t most = size_t{kRowsTogether} * beam;
    left_.resize(most * numbers_);
    next_left_.resize(most * numbers_);
    paths_.resize(most * book.parts);
    next_paths_.resize(most * book.parts);
    gains_.resize(most);
    products_.resize(most * book.entries);
    best_.resize(beam);
  }

  void begin(const float* x, uint64_t rows, float inverse) {
    rows_ = rows;
    sums_ = 1;
    const float bound = static_cast<float>(scale_.most);
    for (uint64_t r = 0; r < rows; ++r, x += book_.width) {
      int16_t* left = left_.data() + r * numbers_;
      for (uint32_t i = 0; i < book_.width; ++i) {
        const float v = std::min(std::max(x[i] * inverse, -bound), bound);
        // Adding 1.5 * 2^23 leaves the integer, half to even, in the low bits.
        left[i] = static_cast<int16_t>(std::bit_cast<int32_t>(v + 12582912.0f));
      }
      std::fill(left + book_.width, left + numbers_, int16_t{0});
      gains_[r] = 0;
    }
  }

  void extend(const NearestWord& kernel, uint32_t part) {
    kernel.products(panels_.panel(part), book_.entries, panels_.pairs(),
                    reinterpret_cast<const int32_t*>(left_.data()), static_cast<uint32_t>(rows_ * sums_),
                    panels_.start(part), products_.data());
    const uint32_t next = std::min(part + 1 < book_.parts ? beam_ : 1, sums_ * book_.entries);
    std::vector<int64_t> gains(rows_ * next);
    for (uint64_t r = 0; r < rows_; ++r) {
      best_of(gains_.data() + r * sums_, products_.data() + r * sums_ * book_.entries, sums_, book_.entries,
              next, best_.data());
      for (uint32_t b = 0; b < next; ++b) {
        lengthen(part, r * sums_ + best_[b].at / book_.entries, best_[b].at % book_.entries, r * next + b);
        gains[r * next + b] = best_[b].gain;
      }
    }
    gains_.swap(gains);
    left_.swap(next_left_);
    paths_.swap(next_paths_);
    sums_ = next;
  }

  // When one sum of each row is left.
  const uint8_t* numbers(uint64_t row) const { return paths_.data() + row * book_.parts; }

 private:
  void lengthen(uint32_t part, uint64_t from, uint32_t k, uint64_t to) {
    const int16_t* old = left_.data() + from * numbers_;
    int16_t* left = next_left_.data() + to * numbers_;
    const int8_t* word = panels_.word(part, k);
    const auto most = static_cast<int16_t>(scale_.most), least = static_cast<int16_t>(-scale_.most);
    for (uint32_t i = 0; i < book_.width; ++i) {
      const auto v = static_cast<int16_t>(old[i] - static_cast<int16_t>(word[i] * (1 << scale_.shift)));
      left[i] = std::min(std::max(v, least), most);
    }
    std::fill(left + book_.width, left + numbers_, int16_t{0});
    std::memcpy(next_paths_.data() + to * book_.parts, paths_.data() + from * book_.parts, part);
    next_paths_[to * book_.parts + part] = static_cast<uint8_t>(k);
  }

  const Panels& panels_;
  const Codebook& book_;
  const Scale& scale_;
  uint32_t beam_, numbers_, sums_ = 1;
  uint64_t rows_ = 0;
  std::vector<int16_t> left_, next_left_;
  std::vector<uint8_t> paths_, next_paths_;
  std::vector<int64_t> gains_;
  std::vector<int32_t> products_;
  std::vector<Longer> best_;
};

double squared_sum(const Codebook& book, const Panels& panels, const uint8_t* numbers,
                   std::vector<int32_t>& sum) {
  sum.assign(book.width, 0);
  for (uint32_t part = 0; part < book.parts; ++part) {
    const int8_t* word = panels.word(part, numbers[part]);
    for (uint32_t i = 0; i < book.width; ++i) sum[i] += word[i];
  }
  int64_t square = 0;
  for (const int32_t v : sum) square += int64_t{v} * v;
  return static_cast<double>(square);
}

}  // namespace

void encode_sums(const Codebook& book, float step, const float* x, uint64_t n, uint32_t beam,
                 const NearestWord& kernel, unsigned threads, uint8_t* numbers, double* squares) {
  const Scale scale(book.width);
  const Panels panels(book, scale.shift);
  const float inverse = step > 0 ? static_cast<float>(1 << scale.shift) / step : 0;
  const auto task = [&](uint64_t i, unsigned, Step&) {
    const uint64_t first = i * kRowsTogether, rows = std::min(kRowsTogether, n - first);
    Beams beams(panels, book, scale, beam);
    beams.begin(x + first * book.width, rows, inverse);
    for (uint32_t part = 0; part < book.parts; ++part) beams.extend(kernel, part);
    std::vector<int32_t> sum;
    for (uint64_t r = 0; r < rows; ++r) {
      std::memcpy(numbers + (first + r) * book.parts, beams.numbers(r), book.parts);
      squares[first + r] = squared_sum(book, panels, beams.numbers(r), sum);
    }
  };
  parallel_for((n + kRowsTogether - 1) / kRowsTogether, threads, task);
}

}  // namespace lilliput
