// Tiles against the portable kernels: every score, the hits of the fused form, and floors below the truth.
#include <algorithm>

#include "problem.h"

namespace lilliput::tests {
namespace {

// A group of queries, their portable scores [query][row], and a panel to score them against.
struct Group {
  const Problem& p;
  const Tile& tile;
  uint32_t m;
  Fenced<float> queries, bias;
  std::vector<float> truth;
  Fenced<std::byte> packed;
  Loaded loaded;

  Group(const Problem& problem, Isa isa, Random& random)
      : p(problem),
        tile(*kernels(p.kind, isa)->tile),
        m(1 + random.below(kGroup)),
        queries(size_t{m} * p.dim),
        bias(m),
        truth(size_t{m} * p.n),
        packed(tile.group_bytes(p.dim), 64),
        loaded(p, tile) {
    fill(queries, random);
    fill(bias, random);
    tile.pack(p.dim, queries.data(), bias.data(), m, packed.data());
    Fenced<float> one(p.dim);
    for (uint32_t q = 0; q < m; ++q) {
      const Prepared prepared(p, Isa::portable, query(q, one), bias[q]);
      kernels(p.kind, Isa::portable)
          ->block(p.codes(), 0, p.n, prepared.bytes.data(), &truth[size_t{q} * p.n]);
    }
  }

  const Fenced<float>& query(uint32_t q, Fenced<float>& into) const {
    std::memcpy(into.data(), queries.data() + size_t{q} * p.dim, size_t{p.dim} * sizeof(float));
    return into;
  }
  const float* truth_of(uint32_t q) const { return &truth[size_t{q} * p.n]; }

  // What two honest float sums may differ by; integer kinds agree to the bit.
  float tolerance() const { return sums_floats(p.kind) ? 1e-4f * static_cast<float>(p.dim) : 0.0f; }
};

template <class Check>
void each_group(Check check) {
  each_problem([&](const Problem& p, Random& random) {
    const bool middling = p.dim > 40 && p.dim < 120;  // nothing new happens there
    const bool wild = p.dim % 7 == 3;                 // no tolerance fits values of all sizes
    for (Isa isa : wide())
      if (!middling && kernels(p.kind, isa)->tile) check(Group(p, isa, random), isa, wild);
  });
}

TEST(tiles_agree_with_portable_blocks) {
  each_group([](const Group& g, Isa isa, bool) {
    Fenced<float> out(size_t{g.p.n} * kGroup, 64), actual(g.p.n), one(g.p.dim);
    g.tile.dense(g.loaded.panel, g.packed.data(), g.m, out.data());
    for (uint32_t q = 0; q < g.m; ++q) {
      for (uint32_t i = 0; i < g.p.n; ++i) actual[i] = out[size_t{i} * kGroup + q];
      compare(g.p, isa, g.query(q, one), g.truth_of(q), actual.data(), nullptr);
    }
  });
}

TEST(floors_are_never_above_the_truth) {
  each_group([](const Group& g, Isa isa, bool wild) {
    if (!g.tile.floor || wild) return;
    Fenced<float> out(size_t{g.p.n} * kGroup, 64);
    g.tile.floor(g.loaded.panel, g.packed.data(), g.m, out.data());
    for (uint32_t q = 0; q < g.m; ++q)
      for (uint32_t i = 0; i < g.p.n; ++i)
        CHECK(out[size_t{i} * kGroup + q] <= g.truth_of(q)[i] + g.tolerance() * 1e-2f, g.p.name(isa));
  });
}

// Lists that hold everything, so that the thresholds stay as they are set.
struct Lists {
  std::vector<Hit> hits;
  Sink sink;
  Lists(const Group& g, const std::vector<float>& thresholds) : hits(size_t{kGroup} * (g.p.n + 1)) {
    sink.capacity = g.p.n + 1;
    sink.shrink = [](Sink&, uint32_t) { fail(__FILE__, __LINE__, "shrink was called on a list with room"); };
    for (uint32_t q = 0; q < kGroup; ++q) {
      sink.threshold[q] = q < g.m ? thresholds[q] : __builtin_inff();
      sink.size[q] = 0;
      sink.hits[q] = &hits[size_t{q} * (g.p.n + 1)];
    }
  }
};

void check_hits(const Group& g, Isa isa, uint32_t q, const Lists& lists) {
  std::vector<bool> found(g.p.n, false);
  const float* truth = g.truth_of(q);
  const float threshold = lists.sink.threshold[q];
  for (uint32_t h = 0; h < lists.sink.size[q]; ++h) {
    const Hit hit = lists.sink.hits[q][h];
    const uint32_t row = hit.row - 100;
    CHECK(row < g.p.n && !found[row], g.p.name(isa) + " row " + std::to_string(row));
    if (row >= g.p.n) continue;
    found[row] = true;
    CHECK(hit.score >= threshold && std::fabs(hit.score - truth[row]) <= g.tolerance(), g.p.name(isa));
  }
  for (uint32_t i = 0; i < g.p.n; ++i)
    CHECK(found[i] || truth[i] < threshold + g.tolerance(),
          g.p.name(isa) + " misses row " + std::to_string(i));
}

TEST(fused_tiles_push_what_reaches_the_threshold) {
  each_group([](const Group& g, Isa isa, bool wild) {
    if (!g.tile.fused || (wild && sums_floats(g.p.kind))) return;
    std::vector<float> thresholds(g.m);
    for (uint32_t q = 0; q < g.m; ++q) thresholds[q] = g.truth_of(q)[g.p.n / 2];
    Lists lists(g, thresholds);
    Panel panel = g.loaded.panel;
    panel.first = 100;
    g.tile.fused(panel, g.packed.data(), g.m, lists.sink);
    for (uint32_t q = 0; q < g.m; ++q) check_hits(g, isa, q, lists);
  });
}

}  // namespace
}  // namespace lilliput::tests
