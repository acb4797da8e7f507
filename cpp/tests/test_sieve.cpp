// Sieves: no row that reaches a threshold is lost, and searches find what they find without one.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "check.h"
#include "fenced.h"
#include "index/scan.h"
#include "lilliput/isa.h"
#include "lilliput/words.h"
#include "random.h"

namespace lilliput::tests {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Rows of random words, with or without norms or lengths, side by side or summed, behind a fence; the second
// half repeats rows, so that ties are many.
struct Worded {
  uint32_t parts, entries, width, n, bytes;
  Fenced<int8_t> words;
  Fenced<int32_t> norms;
  Fenced<std::byte> rows;
  Fenced<float> query;
  Lengths lengths;
  Codebook book;

  Worded(uint32_t m, uint32_t k, uint32_t w, uint32_t count, float size, Random& random)
      : parts(m),
        entries(k),
        width(w),
        n(count),
        bytes(row_bytes(k == 16 ? Kind::lut4 : Kind::lut8, m)),
        words(size_t{m} * k * w),
        norms(size_t{m} * k),
        rows(size_t{count} * bytes),
        query(size_t{m} * w) {
    for (size_t i = 0; i < words.size(); ++i) words[i] = static_cast<int8_t>(random.below(256));
    const bool divides = random.below(2);
    for (size_t i = 0; i < norms.size(); ++i)
      norms[i] = static_cast<int32_t>(random.below((1u << 30) / m)) * (divides ? 1 : -1);
    for (size_t i = 0; i < query.size(); ++i) query[i] = size * random.normal();
    for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::byte>(random.below(256));
    const uint32_t half = n / 2;
    std::memcpy(rows.data() + size_t{n - half} * bytes, rows.data(), size_t{half} * bytes);
    // Norms weigh about as much as products do.
    const float unit = size * static_cast<float>(w) * 127.0f / 1e9f * static_cast<float>(m);
    book = {parts, entries, width, words.data(), random.below(2) ? norms.data() : nullptr, unit};
    if (book.norms && divides) {
      // Squares are about 2; some lie below these two, some beyond.
      book.unit = 0x1p-28f;
      lengths = lengths_between(1.5f, 2.5f);
      book.lengths = &lengths;
    }
    book.summed = random.below(2) && m * w < 1000;
  }

  Kind kind() const { return entries == 16 ? Kind::lut4 : Kind::lut8; }
  Codes codes() const {
    return {kind(), book.summed ? width : parts * width, bytes, n, rows.data(), nullptr, nullptr, nullptr,
            &book};
  }
  std::string name(Isa isa) const {
    return std::string(lilliput::name(kind())) + " " + lilliput::name(isa) +
           " parts=" + std::to_string(parts) + " width=" + std::to_string(width) + " n=" + std::to_string(n) +
           (book.summed ? " summed" : "") + (book.lengths ? " lengths" : "");
  }

  std::vector<float> scores(Isa isa, float bias) const {
    const Kernels& table = *kernels(kind(), isa);
    Fenced<std::byte> prepared(table.query_bytes(codes()), 64);
    Fenced<float> out(n);
    table.prepare(codes(), query.data(), bias, prepared.data());
    table.block(codes(), 0, n, prepared.data(), out.data());
    return {out.data(), out.data() + n};
  }
};

template <class Check>
void each_worded(uint32_t least_rows, uint32_t most_rows, Check check) {
  Random random(17);
  for (const uint32_t entries : {16u, 256u})
    for (const uint32_t parts : {1u, 2u, 7u, 8u, 16u, 31u, 33u, 96u, 300u, 520u})
      for (const uint32_t width : {1u, 3u, 4u})
        for (const float size : {1.0f, 1e-30f, 1e35f})
          check(
              Worded(parts, entries, width, least_rows + random.below(most_rows - least_rows), size, random),
              random);
}

std::vector<Isa> with_sieve(Kind kind) {
  std::vector<Isa> out;
  for (Isa isa : {Isa::portable, Isa::avx2, Isa::avx512, Isa::amx, Isa::neon})
    if (usable(isa) && kernels(kind, isa)->sieve) out.push_back(isa);
  return out;
}

// A sieve made for one query.
struct Sifter {
  const Codes codes;
  const Sieve& sieve;
  Fenced<std::byte> prepared;
  mutable Fenced<std::byte> made;

  Sifter(const Worded& w, Isa isa, float bias)
      : codes(w.codes()),
        sieve(*kernels(w.kind(), isa)->sieve),
        prepared(kernels(w.kind(), isa)->query_bytes(codes), 64),
        made(sieve.query_bytes(codes), 64) {
    kernels(w.kind(), isa)->prepare(codes, w.query.data(), bias, prepared.data());
    sieve.prepare(codes, prepared.data(), made.data());
  }

  std::vector<uint32_t> left(uint32_t first, uint32_t n, float threshold) const {
    Fenced<uint32_t> rows(n);
    const uint32_t set = sieve.set_for(codes, made.data(), threshold);
    CHECK(set < kMostSieveSets, std::to_string(set));
    sieve.make_set(codes, prepared.data(), set, made.data());
    const uint32_t count = sieve.sift(codes, first, n, made.data(), set, threshold, rows.data());
    return {rows.data(), rows.data() + count};
  }
};

TEST(sieves_lose_no_row) {
  each_worded(1, 200, [](const Worded& w, Random& random) {
    const float bias = random.normal();
    const std::vector<float> truth = w.scores(Isa::portable, bias);
    for (Isa isa : with_sieve(w.kind())) {
      const Sifter sifter(w, isa, bias);
      std::vector<float> thresholds = {-kInfinity, kInfinity};
      for (int i = 0; i < 5; ++i) thresholds.push_back(truth[random.below(w.n)]);  // a row just at it
      thresholds.push_back(*std::max_element(truth.begin(), truth.end()));
      for (const float threshold : thresholds) {
        const uint32_t first = random.below(w.n), n = w.n - first;
        const std::vector<uint32_t> left = sifter.left(first, n, threshold);
        CHECK(std::is_sorted(left.begin(), left.end(), std::less_equal<>()), w.name(isa));
        CHECK(left.empty() || (left.front() >= first && left.back() < w.n), w.name(isa));
        for (uint32_t row = first; row < w.n; ++row)
          CHECK(!(truth[row] >= threshold) || std::binary_search(left.begin(), left.end(), row),
                w.name(isa) + " loses row " + std::to_string(row));
      }
    }
  });
}

TEST(sieves_hold_most_rows_back) {
  Random random(18);
  for (const uint32_t entries : {16u, 256u}) {
    const Worded w(96, entries, 4, 2000, 1.0f, random);
    std::vector<float> truth = w.scores(Isa::portable, 0.0f);
    std::nth_element(truth.begin(), truth.begin() + 20, truth.end(), std::greater<>());
    for (Isa isa : with_sieve(w.kind())) {
      const size_t left = Sifter(w, isa, 0.0f).left(0, w.n, truth[20]).size();
      CHECK(left >= 20 && left <= 80, w.name(isa) + ": " + std::to_string(left));
    }
  }
}

TEST(searches_with_a_sieve_find_the_same) {
  each_worded(2500, 4000, [](const Worded& w, Random& random) {
    if (w.parts > 96 || w.width == 3) return;  // nothing new happens there
    const float bias = random.normal();
    const std::vector<float> truth = w.scores(Isa::portable, bias);
    for (const float score : truth)
      if (!std::isfinite(score)) return;  // such scores have no order
    std::vector<uint32_t> picked;
    for (uint32_t row = 0; row < w.n; ++row)
      if (random.below(3)) picked.push_back(row);
    for (Isa isa : with_sieve(w.kind()))
      for (const bool filtered : {false, true})
        for (const uint64_t k : {uint64_t{1}, uint64_t{10}, uint64_t{300}, uint64_t{w.n} - 5}) {
          std::vector<uint32_t> order = picked;
          if (!filtered) {
            order.resize(w.n);
            for (uint32_t row = 0; row < w.n; ++row) order[row] = row;
          }
          std::stable_sort(order.begin(), order.end(),
                           [&](uint32_t a, uint32_t b) { return truth[a] > truth[b]; });
          ScanOptions options;
          options.threads = 1 + random.below(2);
          options.bytes_per_thread = 1;
          options.rows = filtered ? picked.data() : nullptr;
          options.n_rows = picked.size();
          std::vector<int64_t> rows(k);
          std::vector<float> scores(k);
          const Queries queries = {w.query.data(), &bias, 1};
          top_k(w.codes(), *kernels(w.kind(), isa), queries, k, options, rows.data(), scores.data());
          for (uint64_t i = 0; i < std::min<uint64_t>(k, order.size()); ++i)
            CHECK(rows[i] == order[i] && scores[i] == truth[order[i]],
                  w.name(isa) + " k=" + std::to_string(k));
          const float bar = truth[order[std::min<uint64_t>(k, order.size()) - 1]];
          std::vector<std::vector<Hit>> found;
          within(w.codes(), *kernels(w.kind(), isa), queries, &bar, options, found);
          const size_t reaching = static_cast<size_t>(
              std::count_if(order.begin(), order.end(), [&](uint32_t row) { return truth[row] >= bar; }));
          CHECK(found[0].size() == reaching, w.name(isa) + " within");
        }
  });
}

}  // namespace
}  // namespace lilliput::tests
