// Searches against a plain sort of one kernel's scores, and readers beside a writer.
#include <algorithm>
#include <atomic>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "index/scan.h"
#include "lilliput/page_guard.h"
#include "problem.h"

namespace {

using namespace lilliput;
using namespace lilliput::tests;
using namespace std::string_literals;

// Rows of small whole numbers: float sums are exact, so every kernel gives the same score, and ties are many.
struct Set {
  Kind kind;
  uint32_t dim;
  uint64_t n;
  std::vector<float> x;
  std::vector<std::byte> rows, more;
  std::vector<float> alpha, beta;
  std::vector<int64_t> ids;

  Set(Kind which, uint32_t d, uint64_t count, Random& random)
      : kind(which),
        dim(d),
        n(count),
        x(d * count),
        rows(row_bytes(which, d) * count),
        more(more_bytes(which, d) * count),
        alpha(count),
        beta(count),
        ids(count) {
    for (float& value : x) value = static_cast<float>(random.below(5)) - 2;
    std::iota(ids.begin(), ids.end(), 0);
    for (uint64_t i = n; i > 1; --i) std::swap(ids[i - 1], ids[random.below(static_cast<uint32_t>(i))]);
    encode(0, n);
  }
  void encode(uint64_t first, uint64_t count) {
    encode_any(kind, Isa::portable, dim, count, x.data() + first * dim,
               rows.data() + first * row_bytes(kind, dim), more.data() + first * more_bytes(kind, dim),
               scaled(kind) ? alpha.data() + first : nullptr,
               kind == Kind::bits ? nullptr : beta.data() + first);
  }
  Codes codes(uint64_t used) const {
    return {kind,
            dim,
            row_bytes(kind, dim),
            used,
            rows.data(),
            scaled(kind) ? alpha.data() : nullptr,
            kind == Kind::bits ? nullptr : beta.data(),
            nullptr,
            nullptr,
            nullptr,
            nullptr,
            more_bytes(kind, dim),
            more.empty() ? nullptr : more.data()};
  }
};

struct Asked {
  std::vector<float> x, bias;
  Asked(uint64_t n, uint32_t dim, Random& random) : x(n * dim), bias(n) {
    for (float& value : x) value = static_cast<float>(random.below(5)) - 2;
    for (float& value : bias) value = static_cast<float>(random.below(3));
  }
  Queries queries() const { return {x.data(), bias.data(), bias.size()}; }
};

struct Truth {
  std::vector<Hit> hits;  // all rows that may be found, best first
};

// Scores one query against the picked rows by the gather kernel and sorts.
Truth sorted(const Set& set, const Kernels& table, const Asked& asked, uint64_t q,
             const std::vector<uint32_t>& rows) {
  const Codes codes = set.codes(set.n);
  std::vector<std::byte> query(table.query_bytes(codes) + 64);
  void* at = query.data();
  size_t room = query.size();
  auto* prepared = static_cast<std::byte*>(std::align(64, table.query_bytes(codes), at, room));
  table.prepare(codes, asked.x.data() + q * set.dim, asked.bias[q], prepared);
  std::vector<float> scores(rows.size());
  table.gather(codes, rows.data(), static_cast<uint32_t>(rows.size()), prepared, scores.data());
  Truth truth;
  for (size_t i = 0; i < rows.size(); ++i) truth.hits.push_back({scores[i], rows[i]});
  std::sort(truth.hits.begin(), truth.hits.end(), [&](const Hit& a, const Hit& b) {
    return a.score != b.score ? a.score > b.score : set.ids[a.row] < set.ids[b.row];
  });
  return truth;
}

std::string label(const Set& set, Isa isa, uint64_t m, uint64_t k) {
  return "kind " + std::to_string(static_cast<int>(set.kind)) + " "s + lilliput::name(isa) +
         " n=" + std::to_string(set.n) + " m=" + std::to_string(m) + " k=" + std::to_string(k);
}

void check_top_k(const Set& set, const Kernels& table, const Asked& asked, uint64_t k,
                 const ScanOptions& options, const std::vector<uint32_t>& picked, const std::string& what) {
  const uint64_t m = asked.bias.size();
  std::vector<int64_t> rows(m * k, -7);
  std::vector<float> scores(m * k, -7);
  CHECK(
      top_k(set.codes(set.n), table, asked.queries(), k, options, rows.data(), scores.data()) == Status::done,
      what);
  for (uint64_t q = 0; q < m; q += 1 + m / 2) {
    const Truth truth = sorted(set, table, asked, q, picked);
    for (uint64_t i = 0; i < k; ++i) {
      const bool found = i < truth.hits.size();
      CHECK(rows[q * k + i] == (found ? int64_t{truth.hits[i].row} : -1),
            what + " place " + std::to_string(i));
      CHECK(found ? scores[q * k + i] == truth.hits[i].score : std::isnan(scores[q * k + i]), what);
    }
  }
}

void check_within(const Set& set, const Kernels& table, const Asked& asked, const ScanOptions& options,
                  const std::vector<uint32_t>& picked, const std::string& what) {
  const uint64_t m = asked.bias.size();
  const uint64_t step = 1 + m / 2;  // one query of so many is looked at
  std::vector<float> bars(m);
  std::vector<Truth> truths;
  for (uint64_t q = 0; q < m; q += step) {
    truths.push_back(sorted(set, table, asked, q, picked));
    const auto& hits = truths.back().hits;
    const float bar = hits.empty() ? 0.0f : hits[hits.size() / (1 + q % 7) % hits.size()].score;
    for (uint64_t near = q; near < std::min(q + step, m); ++near) bars[near] = bar;
  }
  std::vector<std::vector<Hit>> found;
  CHECK(within(set.codes(set.n), table, asked.queries(), bars.data(), options, found) == Status::done, what);
  for (uint64_t q = 0; q < m; q += step) {
    const Truth& truth = truths[q / step];
    size_t expected = 0;
    while (expected < truth.hits.size() && truth.hits[expected].score >= bars[q]) ++expected;
    CHECK(found[q].size() == expected, what + ": " + std::to_string(found[q].size()));
    for (size_t i = 0; i < std::min(expected, found[q].size()); ++i)
      CHECK(found[q][i].row == truth.hits[i].row && found[q][i].score == truth.hits[i].score, what);
  }
}

#if defined(__SANITIZE_THREAD__)
constexpr bool kThreadsAreWatched = true;
#else
constexpr bool kThreadsAreWatched = false;
#endif

std::vector<Isa> all_isas() {
  std::vector<Isa> out;
  for (Isa isa : {Isa::portable, Isa::avx2, Isa::avx512, Isa::amx, Isa::neon})
    if (usable(isa)) out.push_back(isa);
  if (kThreadsAreWatched) out.erase(out.begin(), out.end() - 1);  // kernels are slow then, and share nothing
  return out;
}

}  // namespace

TEST(scan_equals_a_sort) {
  Random random(11);
  for (Kind kind : kKinds) {
    for (uint64_t n : {0u, 1u, 77u, 8400u}) {
      const Set set(kind, 24 + n % 13, n, random);
      std::vector<uint32_t> everything(n), some;
      std::iota(everything.begin(), everything.end(), 0);
      for (uint32_t row : everything)
        if (random.below(3) == 0) some.push_back(row);
      for (uint64_t m : {1u, 70u}) {
        const Asked asked(m, set.dim, random);
        for (Isa isa : all_isas()) {
          // Slow under sanitizers: the smaller sets have shown it, and one kind shows the threads of all.
          const bool shown = all_isas().size() > 1 || (kThreadsAreWatched && kind != Kind::i8);
          if (isa == Isa::portable && n * m > 100'000 && shown) continue;
          const Kernels& table = *kernels(kind, isa);
          for (unsigned threads : {1u, 3u}) {
            ScanOptions options{nullptr, 0, set.ids.data(), threads, {}, 1};
            for (uint64_t k : {1u, 10u, 200u})
              check_top_k(set, table, asked, k, options, everything, label(set, isa, m, k));
            check_within(set, table, asked, options, everything, label(set, isa, m, 0) + " within");
            uint32_t none = 0;
            options.rows = some.empty() ? &none : some.data();
            options.n_rows = some.size();
            check_top_k(set, table, asked, 10, options, some, label(set, isa, m, 10) + " filtered");
            check_within(set, table, asked, options, some, label(set, isa, m, 0) + " within, filtered");
          }
        }
      }
    }
  }
}

TEST(scan_reranks_and_scores_given_rows) {
  Random random(12);
  for (Kind kind : kKinds) {
    const Set set(kind, 40, 500, random);
    const Asked asked(9, set.dim, random);
    const Kernels& table = *kernels(kind, all_isas().back());
    const ScanOptions options{nullptr, 0, set.ids.data(), 2, {}};
    constexpr uint64_t kWidth = 30, kBest = 12;
    std::vector<int64_t> given(9 * kWidth), rows(9 * kBest);
    for (size_t i = 0; i < given.size(); ++i)
      given[i] = i % 7 == 3 ? -1 : int64_t(i / kWidth * 3 + i % kWidth * 13);
    std::vector<float> all(given.size()), best(rows.size());
    CHECK(score_rows(set.codes(set.n), table, asked.queries(), given.data(), kWidth, options, all.data()) ==
              Status::done,
          "scores"s);
    CHECK(rerank(set.codes(set.n), table, asked.queries(), given.data(), kWidth, kBest, options, rows.data(),
                 best.data()) == Status::done,
          "rerank"s);
    for (uint64_t q = 0; q < 9; ++q) {
      std::vector<uint32_t> valid;
      for (uint64_t i = 0; i < kWidth; ++i)
        if (given[q * kWidth + i] >= 0) valid.push_back(static_cast<uint32_t>(given[q * kWidth + i]));
      const Truth truth = sorted(set, table, asked, q, valid);
      for (uint64_t i = 0; i < kBest; ++i)
        CHECK(rows[q * kBest + i] == truth.hits[i].row && best[q * kBest + i] == truth.hits[i].score,
              "kind "s + std::to_string(static_cast<int>(kind)));
      for (uint64_t i = 0; i < kWidth; ++i) {
        const float score = all[q * kWidth + i];
        const auto same = std::find_if(truth.hits.begin(), truth.hits.end(),
                                       [&](const Hit& h) { return int64_t{h.row} == given[q * kWidth + i]; });
        CHECK(same == truth.hits.end() ? std::isnan(score) : score == same->score, "score"s);
      }
    }
  }
}

TEST(scan_is_cancelled_and_stops_at_bad_pages) {
  Random random(13);
  const Set set(Kind::i8, 64, 200'000, random);
  const Asked asked(200, set.dim, random);
  const Kernels& table = *kernels(Kind::i8, Isa::portable);
  std::vector<int64_t> rows(2000);
  std::vector<float> scores(2000);
  ScanOptions options{nullptr, 0, nullptr, 2, [] { return false; }};
  CHECK(top_k(set.codes(set.n), table, asked.queries(), 10, options, rows.data(), scores.data()) ==
            Status::cancelled,
        "cancelled"s);

  options.poll = {};
  Codes codes = set.codes(5'000);
  constexpr size_t kPage = 65'536;
  const size_t bytes = size_t{5'000} * codes.row_bytes;
  PageGuard guard(codes.rows, bytes, std::vector<uint32_t>((bytes + kPage - 1) / kPage, 1), kPage, "rows", 0);
  codes.guard = &guard;
  CHECK(top_k(codes, table, asked.queries(), 10, options, rows.data(), scores.data()) == Status::corrupt,
        "top_k"s);
  std::vector<std::vector<Hit>> found;
  CHECK(within(codes, table, asked.queries(), scores.data(), options, found) == Status::corrupt, "within"s);
  std::fill(rows.begin(), rows.end(), 4'999);
  CHECK(score_rows(codes, table, asked.queries(), rows.data(), 10, options, scores.data()) == Status::corrupt,
        "scores"s);
  CHECK(!guard.complaint().empty(), "complaint"s);
}

// The writer fills rows behind those in use and then publishes their number, as an index does; readers scan
// what is published. Under the thread sanitizer this shows that nothing else passes between them.
TEST(scan_readers_beside_a_writer) {
  Random random(14);
  for (Kind kind : {Kind::f32, Kind::i8, Kind::bits}) {
    Set set(kind, 32, 6'000, random);
    std::fill(set.rows.begin(), set.rows.end(), std::byte{0});
    const Asked asked(70, set.dim, random);
    const Kernels& table = *kernels(kind, all_isas().back());
    std::atomic<uint64_t> published{0};
    std::atomic<int> wrong{0};
    const auto read = [&] {
      uint64_t used = 0;
      while (used < set.n) {
        used = published.load(std::memory_order_acquire);
        std::vector<int64_t> rows(70 * 10);
        std::vector<float> scores(70 * 10), again(70 * 10);
        const ScanOptions options{nullptr, 0, nullptr, 2, {}, 1};
        const Codes codes = set.codes(used);
        top_k(codes, table, asked.queries(), 10, options, rows.data(), scores.data());
        for (int64_t row : rows) wrong += row >= int64_t(used) || (used >= 10 && row < 0);
        score_rows(codes, table, asked.queries(), rows.data(), 10, options, again.data());
        for (size_t i = 0; i < scores.size(); ++i) wrong += rows[i] >= 0 && scores[i] != again[i];
      }
    };
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i) readers.emplace_back(read);
    for (uint64_t first = 0; first < set.n; first += 250) {
      set.encode(first, 250);
      published.store(first + 250, std::memory_order_release);
      std::this_thread::yield();
    }
    for (auto& reader : readers) reader.join();
    CHECK(wrong == 0, "kind "s + std::to_string(static_cast<int>(kind)) + ": " + std::to_string(wrong));
  }
}
