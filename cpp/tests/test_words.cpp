// Word numbers: training, encoding and scoring on memory that ends at a fence, the same on every instruction
// set.
#include <algorithm>
#include <vector>

#include "check.h"
#include "fenced.h"
#include "lilliput/isa.h"
#include "lilliput/words.h"
#include "random.h"

namespace lilliput::tests {
namespace {

// Rows of one shape with their words, trained and encoded by the portable kernels.
struct Spelt {
  uint32_t dim, parts, entries, width, bytes;
  uint64_t n;
  Fenced<float> x, mean, step, query;
  Fenced<int8_t> words;
  Fenced<int32_t> norms;
  Fenced<double> inertia;
  Fenced<std::byte> rows;
  Codebook book;

  Spelt(uint32_t d, uint32_t m, uint32_t k, uint64_t count, Random& random)
      : dim(d),
        parts(m),
        entries(k),
        width((d + m - 1) / m),
        bytes(row_bytes(k == 16 ? Kind::lut4 : Kind::lut8, m)),
        n(count),
        x(count * d),
        mean(m * width),
        step(m),
        query(m * width),
        words(size_t{m} * k * width),
        norms(size_t{m} * k),
        inertia(m),
        rows(count * bytes) {
    for (size_t i = 0; i < x.size(); ++i) x[i] = random.normal();
    for (size_t i = 0; i < query.size(); ++i) query[i] = random.normal();
    for (size_t i = 0; i < norms.size(); ++i) norms[i] = -static_cast<int32_t>(random.below(1 << 20));
    train(Isa::portable, 1, {mean.data(), step.data(), words.data(), inertia.data()});
    book = {parts, entries, width, words.data(), norms.data(), 0.25f};
    encode(Isa::portable, rows);
  }

  Parts cut() const { return {x.data(), n, dim, parts, width}; }
  void train(Isa isa, unsigned threads, const Trained& out) const {
    train_words(cut(), {entries, 6, 3, threads, {}}, nearest_word(isa), out);
  }
  void encode(Isa isa, Fenced<std::byte>& to) const {
    encode_words(book, mean.data(), step.data(), cut(), nearest_word(isa), 2, to.data());
  }
  Kind kind() const { return entries == 16 ? Kind::lut4 : Kind::lut8; }
  Codes codes() const {
    return {kind(), parts * width, bytes, n, rows.data(), nullptr, nullptr, nullptr, &book};
  }
  std::string name(Isa isa) const {
    return std::string(lilliput::name(kind())) + " " + lilliput::name(isa) + " d=" + std::to_string(dim) +
           " parts=" + std::to_string(parts) + " n=" + std::to_string(n);
  }
};

template <class Check>
void each_spelt(Check check) {
  Random random(11);
  for (const uint32_t entries : {16u, 256u})
    for (const uint32_t dim : {1u, 2u, 7u, 16u, 33u, 64u, 130u})
      for (const uint32_t width : {1u, 2u, 3u, 4u, 8u, 17u})
        if (width <= dim) check(Spelt(dim, (dim + width - 1) / width, entries, 1 + random.below(90), random));
}

std::vector<Isa> all_usable() {
  std::vector<Isa> out;
  for (Isa isa : {Isa::portable, Isa::avx2, Isa::avx512, Isa::amx, Isa::neon})
    if (usable(isa)) out.push_back(isa);
  return out;
}

TEST(words_and_codes_are_the_same_everywhere) {
  each_spelt([](const Spelt& s) {
    for (Isa isa : all_usable()) {
      Fenced<float> mean(s.mean.size()), step(s.parts);
      Fenced<int8_t> words(s.words.size());
      Fenced<double> inertia(s.parts);
      Fenced<std::byte> rows(s.rows.size());
      s.train(isa, 2, {mean.data(), step.data(), words.data(), inertia.data()});
      s.encode(isa, rows);
      CHECK(std::memcmp(words.data(), s.words.data(), words.size()) == 0, s.name(isa));
      CHECK(std::memcmp(step.data(), s.step.data(), 4 * s.parts) == 0, s.name(isa));
      CHECK(std::memcmp(inertia.data(), s.inertia.data(), 8 * s.parts) == 0, s.name(isa));
      CHECK(std::memcmp(rows.data(), s.rows.data(), rows.size()) == 0, s.name(isa));
    }
  });
}

TEST(sums_are_the_same_everywhere) {
  each_spelt([](const Spelt& s) {
    const Codebook book = {s.parts, s.entries, s.width, s.words.data(), nullptr, 1.0f, nullptr, true};
    const uint64_t n = std::min<uint64_t>(s.n * s.dim / s.width, 11);  // rows as wide as a word
    if (s.parts > 20) return;
    Fenced<uint8_t> truth(n * s.parts);
    Fenced<double> squares(n);
    encode_sums(book, 0.01f, s.x.data(), n, 5, nearest_word(Isa::portable), 1, truth.data(), squares.data());
    for (Isa isa : all_usable()) {
      Fenced<uint8_t> numbers(n * s.parts);
      Fenced<double> found(n);
      encode_sums(book, 0.01f, s.x.data(), n, 5, nearest_word(isa), 2, numbers.data(), found.data());
      CHECK(std::memcmp(truth.data(), numbers.data(), numbers.size()) == 0, s.name(isa));
      CHECK(std::memcmp(squares.data(), found.data(), 8 * n) == 0, s.name(isa));
    }
  });
}

TEST(word_numbers_score_alike_by_table_row_and_tile) {
  each_spelt([](const Spelt& s) {
    const Codes codes = s.codes();
    const uint32_t n = static_cast<uint32_t>(s.n);
    std::vector<float> truth(n);
    for (Isa isa : all_usable()) {
      const Kernels& table = *kernels(s.kind(), isa);
      Fenced<std::byte> query(table.query_bytes(codes), 64);
      Fenced<float> scores(n);
      Fenced<uint32_t> order(n);
      table.prepare(codes, s.query.data(), 0.5f, query.data());
      table.block(codes, 0, n, query.data(), scores.data());
      if (isa == Isa::portable) truth.assign(scores.data(), scores.data() + n);
      CHECK(std::memcmp(truth.data(), scores.data(), 4 * n) == 0, s.name(isa));
      for (uint32_t i = 0; i < n; ++i) order[i] = n - 1 - i;
      table.gather(codes, order.data(), n, query.data(), scores.data());
      for (uint32_t i = 0; i < n; ++i) CHECK(scores[i] == truth[n - 1 - i], s.name(isa));
      if (!table.tile) continue;
      const Tile& tile = *table.tile;
      const float bias = 0.5f;
      Fenced<std::byte> group(tile.group_bytes(codes.dim), 64), memory(tile.panel_bytes(codes.dim, n), 64);
      Fenced<float> out(size_t{n} * kGroup, 64);
      tile.pack(codes.dim, s.query.data(), &bias, 1, group.data());
      Panel panel = {&codes, codes.rows, codes.row_bytes, nullptr, 0, n, 0, nullptr};
      tile.load(panel, memory.data());
      tile.dense(panel, group.data(), 1, out.data());
      for (uint32_t i = 0; i < n; ++i) CHECK(out[size_t{i} * kGroup] == truth[i], s.name(isa));
    }
  });
}

}  // namespace
}  // namespace lilliput::tests
