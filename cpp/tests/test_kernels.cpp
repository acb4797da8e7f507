// Every kind and instruction set of this machine against the portable kernels, on memory that ends at a
// fence.
#include <algorithm>

#include "problem.h"

namespace lilliput::tests {
namespace {

TEST(encodes_are_bit_equal) {
  each_problem([](const Problem& p, Random&) {
    for (Isa isa : wide()) {
      Fenced<std::byte> rows(p.rows.size()), more(p.more.size());
      Fenced<float> alpha(p.n), beta(p.n);
      p.encode(isa, rows, more, alpha, beta);
      CHECK(std::memcmp(p.rows.data(), rows.data(), rows.size()) == 0, p.name(isa));
      CHECK(std::memcmp(p.more.data(), more.data(), more.size()) == 0, p.name(isa));
      CHECK(!p.has_alpha || std::memcmp(p.alpha.data(), alpha.data(), 4 * p.n) == 0, p.name(isa));
      CHECK(std::memcmp(p.beta.data(), beta.data(), 4 * p.n) == 0, p.name(isa));
    }
  });
}

TEST(encodes_without_factors_are_bit_equal) {
  each_problem([](const Problem& p, Random&) {
    Fenced<std::byte> expected(p.rows.size()), actual(p.rows.size());
    Fenced<std::byte> lower(p.more.size()), more(p.more.size());
    Fenced<float> squares(p.n), beta(p.n);
    if (!p.has_alpha) return;
    encode_any(p.kind, Isa::portable, p.dim, p.n, p.x.data(), expected.data(), lower.data(), nullptr,
               squares.data());
    for (Isa isa : wide()) {
      encode_any(p.kind, isa, p.dim, p.n, p.x.data(), actual.data(), more.data(), nullptr, beta.data());
      CHECK(std::memcmp(expected.data(), actual.data(), expected.size()) == 0, p.name(isa));
      CHECK(std::memcmp(lower.data(), more.data(), lower.size()) == 0, p.name(isa));
      CHECK(std::memcmp(squares.data(), beta.data(), 4 * p.n) == 0, p.name(isa));
    }
  });
}

TEST(blocks_agree_with_portable) {
  each_problem([](const Problem& p, Random& random) {
    Fenced<float> query(p.dim), expected(p.n), actual(p.n);
    fill(query, random);
    const Prepared portable(p, Isa::portable, query, 0.25f);
    kernels(p.kind, Isa::portable)->block(p.codes(), 0, p.n, portable.bytes.data(), expected.data());
    for (Isa isa : wide()) {
      const Prepared prepared(p, isa, query, 0.25f);
      const uint32_t half = p.n / 2;  // in two calls: the second does not begin at row 0
      kernels(p.kind, isa)->block(p.codes(), 0, half, prepared.bytes.data(), actual.data());
      kernels(p.kind, isa)->block(p.codes(), half, p.n - half, prepared.bytes.data(), actual.data() + half);
      compare(p, isa, query, expected.data(), actual.data(), nullptr);
    }
  });
}

TEST(gathers_agree_with_portable_blocks) {
  each_problem([](const Problem& p, Random& random) {
    Fenced<float> query(p.dim), all(p.n), expected(p.n), actual(p.n);
    Fenced<uint32_t> rows(p.n);
    fill(query, random);
    const Prepared portable(p, Isa::portable, query, -1.5f);
    kernels(p.kind, Isa::portable)->block(p.codes(), 0, p.n, portable.bytes.data(), all.data());
    for (uint32_t i = 0; i < p.n; ++i) expected[i] = all[rows[i] = random.below(p.n)];
    for (Isa isa : {Isa::portable, Isa::avx2, Isa::avx512, Isa::amx, Isa::neon}) {
      if (!usable(isa)) continue;
      const Prepared prepared(p, isa, query, -1.5f);
      kernels(p.kind, isa)->gather(p.codes(), rows.data(), p.n, prepared.bytes.data(), actual.data());
      compare(p, isa, query, expected.data(), actual.data(), rows.data());
    }
  });
}

void compare_tile(const Problem& p, Isa isa, const Fenced<float>& query, const float* expected) {
  const Tile& tile = *kernels(p.kind, isa)->tile;
  Fenced<std::byte> group(tile.group_bytes(p.dim), 64);
  Fenced<float> out(size_t{p.n} * kGroup, 64), actual(p.n);
  const float bias = 0.0f;
  tile.pack(p.dim, query.data(), &bias, 1, group.data());
  const Loaded loaded(p, tile);
  tile.dense(loaded.panel, group.data(), 1, out.data());
  for (uint32_t i = 0; i < p.n; ++i) actual[i] = out[size_t{i} * kGroup];
  compare(p, isa, query, expected, actual.data(), nullptr);
}

TEST(hostile_bytes_score_alike) {
  Random random(11);
  for (uint32_t d : {1u, 31u, 64u, 100u, 1000u}) {
    for (Kind kind : {Kind::i8, Kind::i4, Kind::bits, Kind::b5, Kind::b8}) {
      Problem p(kind, d, 13, false, random);
      for (size_t i = 0; i < p.rows.size(); ++i)
        p.rows[i] = static_cast<std::byte>(random.below(4) ? random.below(256) : 0x80);
      for (size_t i = 0; i < p.more.size(); ++i) p.more[i] = static_cast<std::byte>(random.below(256));
      Fenced<float> query(d), expected(p.n), actual(p.n);
      fill(query, random);
      const Prepared portable(p, Isa::portable, query, 0.0f);
      kernels(kind, Isa::portable)->block(p.codes(), 0, p.n, portable.bytes.data(), expected.data());
      for (Isa isa : wide()) {
        const Prepared prepared(p, isa, query, 0.0f);
        kernels(kind, isa)->block(p.codes(), 0, p.n, prepared.bytes.data(), actual.data());
        CHECK(std::memcmp(expected.data(), actual.data(), 4 * p.n) == 0, p.name(isa));
        if (kernels(kind, isa)->tile) compare_tile(p, isa, query, expected.data());
      }
    }
  }
}

// Rows of the lowest number there is, by queries all of whose numbers are the largest: at each number of
// dimensions from which on queries have fewer bits, and the one before.
TEST(the_largest_sums_fit) {
  Random random(12);
  for (uint32_t d : {1032u, 1033u, 2064u, 2065u, 8256u, 8257u, 66052u, 66053u, 100'000u}) {
    Problem p(Kind::b8, d, 17, false, random);
    std::fill_n(p.alpha.data(), p.alpha.size(), 1.0f);
    std::fill_n(p.rows.data(), p.rows.size(), std::byte{0});
    std::fill_n(p.more.data(), p.more.size(), std::byte{0});
    if (p.has_shift) std::fill_n(p.shift.data(), p.shift.size(), 0.0f);
    for (const float sign : {1.0f, -1.0f}) {
      Fenced<float> query(d), actual(p.n);
      std::fill_n(query.data(), query.size(), sign);
      for (Isa isa : {Isa::portable, Isa::avx2, Isa::avx512, Isa::amx, Isa::neon}) {
        if (!usable(isa)) continue;
        const Prepared prepared(p, isa, query, 0.0f);
        kernels(p.kind, isa)->block(p.codes(), 0, p.n, prepared.bytes.data(), actual.data());
        const double expected = -128.0 * sign * d;
        for (uint32_t i = 0; i < p.n; ++i)
          CHECK(std::fabs(actual[i] - expected) <= 1e-6 * std::fabs(expected), p.name(isa));
        if (kernels(p.kind, isa)->tile) compare_tile(p, isa, query, actual.data());
      }
    }
  }
}

// Rows of bits are sifted by their scores, those of planes by what their signs bound them with.
TEST(signs_sift_rows_and_read_no_further) {
  Random random(17);
  for (Kind kind : {Kind::bits, Kind::b2, Kind::b5, Kind::b8})
    for (uint32_t d : {7u, 64u, 100u, 128u, 192u, 256u, 384u, 392u, 784u})
      for (uint32_t n : {1u, 15u, 16u, 17u, 64u, 100u}) {
        const Problem p(kind, d, n, false, random);
        const Gate gate{1.5f, 0.1f};
        Codes codes = p.codes();
        codes.shift = nullptr;
        codes.gate = kind == Kind::bits ? nullptr : &gate;
        Fenced<float> query(d), values(n);
        fill(query, random);
        for (Isa isa : wide()) {
          const Kernels& table = *kernels(kind, isa);
          if (!table.sieve || !table.sieve->query_bytes(codes)) continue;
          const Prepared prepared(p, isa, query, 0.5f);
          Fenced<std::byte> sieve(table.sieve->query_bytes(codes), 64);
          table.sieve->prepare(codes, prepared.bytes.data(), sieve.data());
          table.sieve->make_set(codes, prepared.bytes.data(), 0, sieve.data());
          if (table.sieve->bounds)
            table.sieve->bounds(codes, 0, n, sieve.data(), values.data());
          else
            table.block(codes, 0, n, prepared.bytes.data(), values.data());
          for (float threshold : {-INFINITY, values[n / 2], INFINITY}) {
            Fenced<uint32_t> rows(n);
            const uint32_t count = table.sieve->sift(codes, 0, n, sieve.data(), 0, threshold, rows.data());
            std::vector<uint32_t> expected;
            for (uint32_t i = 0; i < n; ++i)
              if (values[i] >= threshold) expected.push_back(i);
            const uint32_t *begin = rows.data(), *end = begin + count;
            CHECK(std::includes(begin, end, expected.begin(), expected.end()), p.name(isa));
            CHECK(count <= expected.size() + n % 16, p.name(isa));  // a short rest may pass unseen
          }
        }
      }
}

TEST(tables_are_whole) {
  for (Kind kind : kKinds) {
    for (Isa isa : {Isa::portable, Isa::avx2, Isa::avx512, Isa::amx, Isa::neon}) {
      const Kernels* table = kernels(kind, isa);
      CHECK((table != nullptr) == usable(isa), std::string(name(isa)));
      CHECK(!table || (table->query_bytes && table->prepare && table->block && table->gather),
            std::string(name(isa)));
      CHECK(!table || !table->encode == (more_bytes(kind, 8) > 0), std::string(name(isa)));
      CHECK(!table || !table->encode != !table->encode_planes, std::string(name(isa)));
    }
  }
}

TEST(names_parse) {
  for (Isa isa : {Isa::portable, Isa::avx2, Isa::avx512, Isa::amx, Isa::neon}) {
    Isa found = Isa::portable;
    CHECK(parse(name(isa), found) && found == isa, std::string(name(isa)));
  }
  Isa unused;
  CHECK(!parse("sse9", unused) && !parse("", unused), std::string("unknown names"));
}

}  // namespace
}  // namespace lilliput::tests
