// Upper bounds of scores by sums of bytes. What a word adds to a score is rounded up to steps above the least
// that a word of its part adds, all parts having one step; a row's bytes then bound its score from above.
// (André, Kermarrec and Le Scouarnec, "Cache locality is not enough: high-performance nearest neighbor search
// with product quantization fast scan", VLDB 2015, who score by such bytes; here they only choose the rows
// that are scored.)
#pragma once

#include "kernels/exact.h"
#include "kernels/lut/lut.h"

namespace lilliput::LILLIPUT_TARGET {
namespace {

constexpr float kMostSteps = 254.0f;  // what is rounded up is at most one more

// Where scores are divided by lengths, which are nowhere below the line at + slope * square: a row that
// reaches t >= anchor has a product of t * length >= anchor * (at + slope * square) + (t - anchor) *
// shortest, so that its square may join the terms of its sum. Bounds are tight for thresholds a little above
// their anchor: there is one for each of these shares of about the best score that a row can have.
constexpr double kAnchors[] = {0.15, 0.3, 0.45, 0.6, 0.75};
constexpr uint32_t kManyAnchors = sizeof kAnchors / sizeof kAnchors[0];
inline uint32_t anchors(const Codes& codes) { return codes.book->lengths ? kManyAnchors : 1; }
static_assert(kManyAnchors <= kMostSieveSets);

// A row of a score of `pivot` + more has a sum of bytes of at least (more * length - ceiling) / step, with
// `shortest` as its length for what is more, and `longest` for what is less; where scores are no
// quotients, 1.
struct Bound {
  double ceiling, step, pivot, shortest, longest;

  // The least sum that may reach a threshold; 0 where there is no ceiling.
  uint32_t least_sum(float threshold) const {
    const double more = threshold - pivot;
    const double steps = (more * (more >= 0.0 ? shortest : longest) - ceiling) / step - 1.0;
    if (!(steps > 0.0)) return 0;
    return steps < 2e9 ? static_cast<uint32_t>(steps) : ~uint32_t{0};
  }
};

inline const Bound& bound(const std::byte* sieve) { return *reinterpret_cast<const Bound*>(sieve); }

typedef int32_t Entries __attribute__((vector_size(kVectorBytes)));

// What pick(a, b) leaves of all lanes, halved again and again.
template <class Lanes, class Pick>
inline auto fold_by(Lanes lanes, const Pick& pick) {
  Entries place;
  for (int i = 0; i < kWidth; ++i) place[i] = i;
  for (int half = kWidth / 2; half > 0; half /= 2)
    lanes = pick(lanes, __builtin_shuffle(lanes, place ^ half));
  return lanes[0];
}

constexpr auto kLess = [](auto a, auto b) { return a < b ? a : b; };
constexpr auto kMore = [](auto a, auto b) { return a > b ? a : b; };

// What kWidth words add to a score, and the size of what that is summed from.
struct Terms {
  Vector sum, size;

  // Each of the norms counts `weight` times.
  Terms(const int32_t* dots, const int32_t* norms, float scale, float weight) {
    Entries whole;
    __builtin_memcpy(&whole, dots, sizeof whole);
    sum = __builtin_convertvector(whole, Vector) * scale;
    size = sum < 0.0f ? -sum : sum;
    if (!norms) return;
    __builtin_memcpy(&whole, norms, sizeof whole);
    const Vector own = __builtin_convertvector(whole, Vector) * weight;
    sum += own;
    size += own < 0.0f ? -own : own;
  }
};

// The least and the largest term of a part.
struct Range {
  float low, high, size;

  Range(uint32_t entries, const int32_t* dots, const int32_t* norms, float scale, float weight) {
    Terms first(dots, norms, scale, weight);
    Vector least = first.sum, most = first.sum, largest = first.size;
    for (uint32_t k = kWidth; k < entries; k += kWidth) {
      const Terms next(dots + k, norms ? norms + k : nullptr, scale, weight);
      least = next.sum < least ? next.sum : least;
      most = next.sum > most ? next.sum : most;
      largest = next.size > largest ? next.size : largest;
    }
    low = fold_by(least, kLess), high = fold_by(most, kMore), size = fold_by(largest, kMore);
  }
};

inline double best_score(const Codebook& book, const std::byte* query) {
  const int32_t* dots = reinterpret_cast<const int32_t*>(query + kQueryHead);
  const float scale = head(query).scale;
  double square = 0.0, product = 0.0;
  if (book.summed) {  // then it is the length of the query
    const int8_t* codes = reinterpret_cast<const int8_t*>(query + lut_codes_at(book));
    return scale * __builtin_sqrt(static_cast<double>(sum_of_squares(codes, book.width)));
  }
  const int32_t* norms = book.norms;
  for (uint32_t part = 0; part < book.parts; ++part, dots += book.entries, norms += book.entries) {
    Entries most, norm;
    __builtin_memcpy(&most, dots, sizeof most);
    __builtin_memcpy(&norm, norms, sizeof norm);
    for (uint32_t k = kWidth; k < book.entries; k += kWidth) {
      Entries next, its;
      __builtin_memcpy(&next, dots + k, sizeof next);
      __builtin_memcpy(&its, norms + k, sizeof its);
      norm = next > most ? its : norm;
      most = next > most ? next : most;
    }
    const int32_t best = fold_by(most, kMore);
    product += best;
    square += fold_by(most == best ? norm : norm & 0, kMore);
  }
  square *= book.unit;
  const double score =
      product * scale / __builtin_sqrt(square > book.lengths->least ? square : book.lengths->least);
  return score > 0.0 && score < 1e38 ? score : 0.0;
}

// Writes the bytes of part p's words from tables + at(p) on, and returns how they bound scores.
template <class At>
inline Bound round_up(const Codes& of, const std::byte* query, double anchor, std::byte* tables,
                      const At& at) {
  const Codebook& book = *of.book;
  const int32_t* dots = reinterpret_cast<const int32_t*>(query + kQueryHead);
  const float scale = head(query).scale, bias = head(query).bias;
  const auto norms = [&](uint32_t part) { return book.norms ? book.norms + part * book.entries : nullptr; };
  const Lengths* lengths = book.lengths;
  const float weight = lengths ? static_cast<float>(-anchor * lengths->slope * book.unit) : book.unit;
  double ceiling = lengths ? -anchor * lengths->at : 0.0, size = bias < 0 ? -bias : bias;
  if (lengths) size *= lengths->at + lengths->slope * 0x1p31 * book.unit;
  float widest = 0.0f;
  for (uint32_t part = 0; part < book.parts; ++part) {
    const Range range(book.entries, dots + part * book.entries, norms(part), scale, weight);
    ceiling += range.low;
    size += range.size;
    widest = range.high - range.low > widest ? range.high - range.low : widest;
    // Each part's least term waits where the part's bytes will lie.
    __builtin_memcpy(tables + at(part), &range.low, sizeof(float));
  }
  float inverse = kMostSteps / widest;
  double step = double{widest} / kMostSteps;
  if (!(inverse < __builtin_inff())) inverse = 0.0f, step = widest;
  for (uint32_t part = 0; part < book.parts; ++part) {
    std::byte* out = tables + at(part);
    float low;
    __builtin_memcpy(&low, out, sizeof low);
    for (uint32_t k = 0; k < book.entries; k += kWidth) {
      const uint32_t from = part * book.entries + k;
      const Terms terms(dots + from, book.norms ? book.norms + from : nullptr, scale, weight);
      typedef uint8_t Bytes __attribute__((vector_size(kWidth)));
      const Entries steps = __builtin_convertvector((terms.sum - low) * inverse, Entries) + 1;
      const Bytes bytes = __builtin_convertvector(steps, Bytes);
      __builtin_memcpy(out + k, &bytes, sizeof bytes);
    }
  }
  // A sum that floats might not hold bounds nothing.
  if (!(size < 1e38)) ceiling = __builtin_inf();
  // What rounding floats may have hidden: a few parts in 2^22 of every number that went into a score, and as
  // much of each part's steps.
  const double shortest = lengths ? __builtin_sqrt(double{lengths->least}) : 1.0;
  const double longest = lengths ? __builtin_inf() : 1.0;
  return {ceiling + size * 0x1p-19 + step * book.parts * 0x1p-12, step, bias + anchor, shortest, longest};
}

constexpr size_t kBound = 64;  // bytes before the tables
static_assert(sizeof(Bound) <= kBound);

inline uint32_t write_rows(uint64_t mask, uint64_t first, uint32_t* rows) {
  uint32_t count = 0;
  for (; mask; mask &= mask - 1)
    rows[count++] = static_cast<uint32_t>(first) + static_cast<uint32_t>(__builtin_ctzll(mask));
  return count;
}

struct SieveHead {
  double best, bias;  // the best score that a row can have without the bias, or 0

  double anchor(uint32_t set) const { return kAnchors[set] * best; }
};
constexpr size_t kSieveHead = 64;

inline const SieveHead& sieve_head(const std::byte* sieve) {
  return *reinterpret_cast<const SieveHead*>(sieve);
}

// A sieve has one set of a bound and tables for each anchor. `Bytes` says how large the tables of one are,
// `at` where a part's table lies, and sift(codes, first, n, least, tables, rows) passes rows whose sums are
// at least `least`.
template <size_t (*Bytes)(const Codes&)>
inline size_t sieve_set(const Codes& of, uint32_t set) {
  return kSieveHead + set * (kBound + padded(Bytes(of)));
}

template <size_t (*Bytes)(const Codes&)>
inline size_t sieve_bytes(const Codes& of) {
  return sieve_set<Bytes>(of, anchors(of));
}

inline void sieve_prepare(const Codes& of, const std::byte* query, std::byte* out) {
  const double best = of.book->lengths ? best_score(*of.book, query) : 0.0;
  *reinterpret_cast<SieveHead*>(out) = {best, head(query).bias};
}

inline uint32_t sieve_set_for(const Codes& of, const std::byte* sieve, float threshold) {
  const SieveHead& head = sieve_head(sieve);
  uint32_t set = 0;
  while (set + 1 < anchors(of) && head.bias + head.anchor(set + 1) <= threshold) ++set;
  return set;
}

template <size_t (*Bytes)(const Codes&), size_t (*At)(uint32_t)>
inline void sieve_make_set(const Codes& of, const std::byte* query, uint32_t set, std::byte* sieve) {
  std::byte* out = sieve + sieve_set<Bytes>(of, set);
  __builtin_memset(out, 0, sieve_set<Bytes>(of, 1) - kSieveHead);
  *reinterpret_cast<Bound*>(out) = round_up(of, query, sieve_head(sieve).anchor(set), out + kBound,
                                            [](uint32_t part) { return At(part); });
}

template <size_t (*Bytes)(const Codes&),
          uint32_t (*Sift)(const Codes&, uint64_t, uint32_t, uint32_t, const std::byte*, uint32_t*)>
inline uint32_t sieve_sift(const Codes& codes, uint64_t first, uint32_t n, const std::byte* sieve,
                           uint32_t set, float threshold, uint32_t* rows) {
  const std::byte* from = sieve + sieve_set<Bytes>(codes, set);
  return Sift(codes, first, n, bound(from).least_sum(threshold), from + kBound, rows);
}

template <size_t (*Bytes)(const Codes&), size_t (*At)(uint32_t),
          uint32_t (*Sift)(const Codes&, uint64_t, uint32_t, uint32_t, const std::byte*, uint32_t*)>
constexpr Sieve kLutSieve = {sieve_bytes<Bytes>, sieve_prepare, sieve_set_for, sieve_make_set<Bytes, At>,
                             sieve_sift<Bytes, Sift>};

// Calls mask_of(row) for every `Side` rows, for some again where n leaves a rest; fewer than that all pass.
template <uint32_t Side, class MaskOf>
inline uint32_t sift_by(const Codes& codes, uint64_t first, uint32_t n, uint32_t* rows,
                        const MaskOf& mask_of) {
  const std::byte* from = codes.rows + first * codes.row_bytes;
  uint32_t count = 0, i = 0;
  if (n < Side) {
    for (; i < n; ++i) rows[i] = static_cast<uint32_t>(first) + i;
    return n;
  }
  for (; i + Side <= n; i += Side)
    count += write_rows(mask_of(from + size_t{i} * codes.row_bytes), first + i, rows + count);
  if (i == n) return count;
  const uint32_t again = i - (n - Side);
  const uint64_t mask = mask_of(from + size_t{n - Side} * codes.row_bytes);
  return count + write_rows(mask >> again, first + i, rows + count);
}

}  // namespace
}  // namespace lilliput::LILLIPUT_TARGET
