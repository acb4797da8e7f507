// Codes and the searches over them.
#include "index/scan.h"

#include <cstring>
#include <memory>

#include "bindings/arrays.h"
#include "bindings/codebook.h"
#include "bindings/placed.h"
#include "lilliput/page_guard.h"

namespace lilliput {
namespace {

#define LILLIPUT_KIND(name, ...) Kind::name,
constexpr Kind kKinds[] = {LILLIPUT_FAMILIES(LILLIPUT_KIND)};
#undef LILLIPUT_KIND

Kind kind_named(const std::string& text) {
  for (const Kind kind : kKinds)
    if (text == name(kind) && kernels(kind, Isa::portable)) return kind;
  throw nb::value_error("no such kind of codes");
}

const Kernels& table(Kind kind, const std::string& isa) { return *kernels(kind, isa_named(isa)); }

using Factors = std::optional<In<float, 1>>;
using Ids = std::optional<In<int64_t, 1>>;
using Rows = std::optional<In<int64_t, 1>>;

bool is_lookup(Kind kind) { return kind == Kind::lut4 || kind == Kind::lut8; }

bool holds_odd_integers(Kind kind) { return kind == Kind::bits || (kind >= Kind::b2 && kind <= Kind::b7); }

// A view that keeps its arrays alive.
class CodesView {
 public:
  CodesView(const std::string& kind, uint32_t dim, In<uint8_t, 2> rows, Factors alpha, Factors beta,
            nb::object guard, nb::object book, std::optional<std::tuple<float, float>> gate, Factors shift,
            std::optional<In<uint8_t, 2>> more)
      : rows_(rows), more_(more), alpha_(alpha), beta_(beta), shift_(shift), guard_(guard), book_(book) {
    const Kind k = kind_named(kind);
    require(is_lookup(k) == !book.is_none(), "the kinds lut4 and lut8 take a codebook, and no other does");
    const CodebookView* given = book.is_none() ? nullptr : nb::cast<CodebookView*>(book);
    const Codebook* words = given ? &given->book : nullptr;
    require(!given || (given->dim() == dim && words->entries == (k == Kind::lut4 ? 16u : 256u)),
            "the codebook does not fit the kind and dim");
    const uint32_t width = row_bytes(k, words ? words->parts : dim);
    require(dim > 0 && rows.shape(1) == width, "rows must be (n, row_bytes(kind, dim))");
    require(rows.shape(0) < 0xffffffffu, "at most 2^32 - 2 rows");
    const uint32_t below = more_bytes(k, dim);
    require(below ? more && more->shape(0) == rows.shape(0) && more->shape(1) == below : !more,
            "planes take more, (n, more_bytes(kind, dim)), and no other kind does");
    require(!alpha || alpha->shape(0) == rows.shape(0), "alpha must be (n,)");
    require(!beta || beta->shape(0) == rows.shape(0), "beta must be (n,)");
    require(!shift || shift->shape(0) == rows.shape(0), "shift must be (n,)");
    require(!shift || (alpha && !words && !gate && !sums_floats(k)),
            "a shift goes with alpha, with rows of integers, and without a gate");
    if (gate) gate_ = {std::get<0>(*gate), std::get<1>(*gate)};
    PageGuard* pages = guard.is_none() ? nullptr : nb::cast<PageGuard*>(guard);
    codes = {k,
             dim,
             width,
             rows.shape(0),
             reinterpret_cast<const std::byte*>(rows.data()),
             pointer(alpha),
             pointer(beta),
             pages,
             words,
             gate ? &gate_ : nullptr,
             pointer(shift),
             below,
             more ? reinterpret_cast<const std::byte*>(more->data()) : nullptr};
  }
  Codes codes;

 private:
  In<uint8_t, 2> rows_;
  std::optional<In<uint8_t, 2>> more_;
  Factors alpha_, beta_, shift_;
  nb::object guard_, book_;
  Gate gate_{};
};

Queries queries_of(const CodesView& view, const In<float, 2>& x, const In<float, 1>& bias) {
  require(x.shape(1) == view.codes.dim, "queries must be (m, dim)");
  require(bias.shape(0) == x.shape(0), "bias must be (m,)");
  return {x.data(), bias.data(), x.shape(0)};
}

[[noreturn]] void raise_corrupt(const CodesView& view) {
  const nb::object error = nb::module_::import_("lilliput.errors").attr("CorruptFile");
  PyErr_SetString(error.ptr(), view.codes.guard->complaint().c_str());
  throw nb::python_error();
}

template <class Work>
void run(const CodesView& view, const Work& work) {
  Status status;
  {
    const nb::gil_scoped_release released;
    status = work();
  }
  if (status == Status::corrupt) raise_corrupt(view);
  if (status == Status::cancelled) throw nb::python_error();
}

struct Picked {
  Picked(const CodesView& view, const Rows& rows, const Ids& ids, unsigned threads) {
    require(!ids || ids->shape(0) >= view.codes.n, "ids must be (n,)");
    options.ids = pointer(ids);
    options.threads = threads_or_default(threads);
    options.poll = signals();
    if (!rows) return;
    numbers.resize(rows->shape(0) + 1);  // never empty: an empty filter is not "no filter"
    for (size_t i = 0; i < rows->shape(0); ++i) {
      const int64_t row = rows->data()[i];
      require(row >= 0 && row < static_cast<int64_t>(view.codes.n), "rows must lie in [0, n)");
      numbers[i] = static_cast<uint32_t>(row);
    }
    options.rows = numbers.data();
    options.n_rows = rows->shape(0);
  }
  std::vector<uint32_t> numbers;
  ScanOptions options;
};

std::tuple<Out<int64_t, 2>, Out<float, 2>> search_best(const CodesView& view, In<float, 2> x,
                                                       In<float, 1> bias, uint64_t k, Rows rows, Ids ids,
                                                       unsigned threads, const std::string& isa) {
  require(k > 0, "k must be at least 1");
  const Queries queries = queries_of(view, x, bias);
  const Picked picked(view, rows, ids, threads);
  const Kernels& kernels = table(view.codes.kind, isa);
  const Fresh<int64_t> found(queries.n * k);
  const Fresh<float> scores(queries.n * k);
  run(view, [&] { return top_k(view.codes, kernels, queries, k, picked.options, found.data, scores.data); });
  return {found.array(queries.n, k), scores.array(queries.n, k)};
}

std::tuple<Out<int64_t, 1>, Out<int64_t, 1>, Out<float, 1>> search_within(const CodesView& view,
                                                                          In<float, 2> x, In<float, 1> bias,
                                                                          In<float, 1> thresholds, Rows rows,
                                                                          Ids ids, unsigned threads,
                                                                          const std::string& isa) {
  const Queries queries = queries_of(view, x, bias);
  require(thresholds.shape(0) == queries.n, "threshold must be (m,)");
  const Picked picked(view, rows, ids, threads);
  const Kernels& kernels = table(view.codes.kind, isa);
  std::vector<std::vector<Hit>> hits;
  run(view, [&] { return within(view.codes, kernels, queries, thresholds.data(), picked.options, hits); });
  const Fresh<int64_t> offsets(queries.n + 1);
  offsets.data[0] = 0;
  for (size_t q = 0; q < queries.n; ++q)
    offsets.data[q + 1] = offsets.data[q] + static_cast<int64_t>(hits[q].size());
  const size_t total = static_cast<size_t>(offsets.data[queries.n]);
  const Fresh<int64_t> found(total);
  const Fresh<float> scores(total);
  size_t at = 0;
  for (const auto& of_query : hits)
    for (const Hit& hit : of_query) {
      found.data[at] = hit.row;
      scores.data[at++] = hit.score;
    }
  return {offsets.array(queries.n + 1), found.array(total), scores.array(total)};
}

void require_rows(const CodesView& view, const In<int64_t, 2>& rows, size_t n_queries) {
  require(rows.shape(0) == n_queries, "rows must be (m, r)");
  for (size_t i = 0; i < rows.size(); ++i)
    require(rows.data()[i] >= -1 && rows.data()[i] < static_cast<int64_t>(view.codes.n),
            "rows must lie in [-1, n)");
}

Out<float, 2> scores_of(const CodesView& view, In<float, 2> x, In<float, 1> bias, In<int64_t, 2> rows,
                        unsigned threads, const std::string& isa) {
  const Queries queries = queries_of(view, x, bias);
  require_rows(view, rows, queries.n);
  const Picked picked(view, {}, {}, threads);
  const Kernels& kernels = table(view.codes.kind, isa);
  const Fresh<float> out(rows.size());
  run(view, [&] {
    return score_rows(view.codes, kernels, queries, rows.data(), rows.shape(1), picked.options, out.data);
  });
  return out.array(queries.n, rows.shape(1));
}

std::tuple<Out<int64_t, 2>, Out<float, 2>> best_of(const CodesView& view, In<float, 2> x, In<float, 1> bias,
                                                   In<int64_t, 2> candidates, uint64_t k, Ids ids,
                                                   unsigned threads, const std::string& isa) {
  require(k > 0, "k must be at least 1");
  const Queries queries = queries_of(view, x, bias);
  require_rows(view, candidates, queries.n);
  const Picked picked(view, {}, ids, threads);
  const Kernels& kernels = table(view.codes.kind, isa);
  const Fresh<int64_t> found(queries.n * k);
  const Fresh<float> scores(queries.n * k);
  run(view, [&] {
    return rerank(view.codes, kernels, queries, candidates.data(), candidates.shape(1), k, picked.options,
                  found.data, scores.data);
  });
  return {found.array(queries.n, k), scores.array(queries.n, k)};
}

template <bool ByTile>
Out<float, 2> every_score(const CodesView& view, In<float, 2> x, In<float, 1> bias, unsigned threads,
                          const std::string& isa) {
  const Queries queries = queries_of(view, x, bias);
  const Picked picked(view, {}, {}, threads);
  const Kernels& kernels = table(view.codes.kind, isa);
  const Fresh<float> out(queries.n * view.codes.n);
  run(view, [&] { return all_scores(view.codes, kernels, queries, ByTile, picked.options, out.data); });
  return out.array(queries.n, view.codes.n);
}

// The rows that encoding writes, and what it is made of.
struct Target {
  const Kernels& kernels;
  uint32_t dim, width, below;
  std::byte *rows, *more;
  float *alpha, *beta;

  void write(const float* x, uint64_t first, uint64_t n, float* factors, float* norms) const {
    std::byte* to = rows + first * width;
    if (below) return kernels.encode_planes(dim, n, x, to, more + first * below, factors, norms);
    kernels.encode(dim, n, x, to, factors, norms);
  }
};

Target target(Kind kind, const In<float, 2>& x, const Into<uint8_t, 2>& rows,
              const std::optional<Into<float, 1>>& alpha, const std::optional<Into<float, 1>>& beta,
              const std::optional<In<float, 1>>& origin, const std::string& isa,
              const std::optional<Into<uint8_t, 2>>& more) {
  const uint32_t dim = static_cast<uint32_t>(x.shape(1)), width = row_bytes(kind, dim);
  const uint32_t below = more_bytes(kind, dim);
  const uint64_t n = x.shape(0);
  require(dim > 0 && rows.shape(0) == n && rows.shape(1) == width,
          "rows_out must be (n, row_bytes(kind, dim))");
  require(below ? more && more->shape(0) == n && more->shape(1) == below : !more,
          "planes take more_out, (n, more_bytes(kind, dim)), and no other kind does");
  require(!alpha || alpha->shape(0) == n, "alpha_out must be (n,)");
  require(!beta || beta->shape(0) == n, "beta_out must be (n,)");
  require(!origin || origin->shape(0) == dim, "origin must be (dim,)");
  const Kernels& kernels = table(kind, isa);
  require(kernels.encode || kernels.encode_planes,
          "rows of this kind are written by a function of their own");
  return {kernels,
          dim,
          width,
          below,
          reinterpret_cast<std::byte*>(rows.data()),
          more ? reinterpret_cast<std::byte*>(more->data()) : nullptr,
          pointer(alpha),
          pointer(beta)};
}

// Calls write(rows that were placed, the number of the first, how many), and gives the greatest squared norm.
template <class Write>
float by_place(const Place& place, const float* x, uint64_t n, unsigned threads, const Write& write) {
  constexpr uint64_t kRun = 256;
  const nb::gil_scoped_release released;
  std::vector<float> most(threads_or_default(threads));
  parallel_for((n + kRun - 1) / kRun, threads_or_default(threads), [&](uint64_t i, unsigned slot, Step&) {
    const uint64_t start = i * kRun, there = std::min(kRun, n - start);
    const float longest = place.each(
        x + start * place.dim, there,
        [&](const float* from, uint64_t past, uint64_t count) { write(from, start + past, count); });
    most[slot] = std::max(most[slot], longest);
  });
  return *std::max_element(most.begin(), most.end());
}

float encode_placed(const Target& to, const Place& place, const float* x, uint64_t n, unsigned threads) {
  return by_place(place, x, n, threads, [&](const float* from, uint64_t first, uint64_t count) {
    to.write(from, first, count, to.alpha ? to.alpha + first : nullptr, to.beta ? to.beta + first : nullptr);
  });
}

void encode_rows(const std::string& kind, In<float, 2> x, Into<uint8_t, 2> rows,
                 std::optional<Into<float, 1>> alpha, std::optional<Into<float, 1>> beta, unsigned threads,
                 const std::string& isa, std::optional<In<float, 1>> origin,
                 std::optional<Into<uint8_t, 2>> more) {
  const Target to = target(kind_named(kind), x, rows, alpha, beta, origin, isa, more);
  const Place place{*dense(isa_named(isa)), to.dim, false, pointer(origin)};
  encode_placed(to, place, x.data(), x.shape(0), threads);
}

float encode_raw(const std::string& kind, In<float, 2> x, Into<uint8_t, 2> rows,
                 std::optional<Into<float, 1>> alpha, std::optional<Into<float, 1>> beta, bool unit,
                 std::optional<In<float, 1>> origin, unsigned threads, const std::string& isa) {
  const Target to = target(kind_named(kind), x, rows, alpha, beta, origin, isa, {});
  const Place place{*dense(isa_named(isa)), to.dim, unit, pointer(origin), true};
  return encode_placed(to, place, x.data(), x.shape(0), threads);
}

float encode_lines(const std::string& kind, uint32_t bits, In<float, 2> x, Into<uint8_t, 2> rows,
                   Into<float, 1> alpha, Into<float, 1> shift, std::optional<Into<float, 1>> beta, bool unit,
                   std::optional<In<float, 1>> origin, unsigned threads, const std::string& isa,
                   std::optional<Into<uint8_t, 2>> more) {
  const Kind k = kind_named(kind);
  const bool halved = k == Kind::i8;
  const Target to = target(k, x, rows, alpha, beta, origin, isa, more);
  require(bits >= 1 && bits <= 8 &&
              (halved || (holds_odd_integers(k) && bits == row_bytes(k, 8) + more_bytes(k, 8))),
          "rows of this kind hold no integers of so many bits");
  require(shift.shape(0) == x.shape(0), "shift_out must be (n,)");
  const Dense& table = *dense(isa_named(isa));
  const Place place{table, to.dim, unit, pointer(origin), true};
  return by_place(
      place, x.data(), x.shape(0), threads, [&](const float* from, uint64_t first, uint64_t count) {
        const auto room = std::make_unique_for_overwrite<float[]>(count * (to.dim + 1));
        float *integers = room.get(), *lengths = integers + count * to.dim;
        float *alphas = to.alpha + first, *shifts = shift.data() + first;
        table.lines(to.dim, count, bits, from, integers, alphas, shifts, to.beta ? to.beta + first : lengths);
        if (halved)
          halve(to.dim, count, integers, reinterpret_cast<int8_t*>(to.rows + first * to.width), alphas,
                shifts);
        else
          to.write(integers, first, count, nullptr, nullptr);
      });
}

std::vector<std::string> kinds() {
  std::vector<std::string> out;
  for (const Kind kind : kKinds)
    if (kernels(kind, Isa::portable)) out.emplace_back(name(kind));
  return out;
}

}  // namespace

void bind_scan(nb::module_& m) {
  nb::class_<CodesView>(m, "Codes", "A view of rows of codes with their factors; keeps the arrays alive.")
      .def(nb::init<const std::string&, uint32_t, In<uint8_t, 2>, Factors, Factors, nb::object, nb::object,
                    std::optional<std::tuple<float, float>>, Factors, std::optional<In<uint8_t, 2>>>(),
           "kind"_a, "dim"_a, "rows"_a.noconvert(), "alpha"_a.noconvert() = nb::none(),
           "beta"_a.noconvert() = nb::none(), "guard"_a = nb::none(), "book"_a = nb::none(),
           "gate"_a = nb::none(), "shift"_a.noconvert() = nb::none(), "more"_a.noconvert() = nb::none())
      .def_prop_ro("n", [](const CodesView& v) { return v.codes.n; })
      .def_prop_ro("dim", [](const CodesView& v) { return v.codes.dim; })
      .def_prop_ro("row_bytes", [](const CodesView& v) { return v.codes.row_bytes; })
      .def_prop_ro("kind", [](const CodesView& v) { return name(v.codes.kind); });
  m.def("kinds", &kinds, "Kinds of codes that have kernels.");
  m.def(
      "row_bytes", [](const std::string& kind, uint32_t dim) { return row_bytes(kind_named(kind), dim); },
      "kind"_a, "dim"_a, "Bytes of a row without its factors; of planes, of its signs.");
  m.def(
      "more_bytes", [](const std::string& kind, uint32_t dim) { return more_bytes(kind_named(kind), dim); },
      "kind"_a, "dim"_a, "Bytes of what lies below the signs of a row of planes; 0 for other kinds.");
  m.def("top_k", &search_best, "codes"_a, "queries"_a, "bias"_a, "k"_a, "rows"_a = nb::none(),
        "ids"_a = nb::none(), "threads"_a = 0, "isa"_a = "",
        "The k best rows of each query, best first; missing: -1 and NaN.");
  m.def("within", &search_within, "codes"_a, "queries"_a, "bias"_a, "threshold"_a, "rows"_a = nb::none(),
        "ids"_a = nb::none(), "threads"_a = 0, "isa"_a = "",
        "Every row that reaches its query's threshold, as CSR.");
  m.def("scores", &scores_of, "codes"_a, "queries"_a, "bias"_a, "rows"_a, "threads"_a = 0, "isa"_a = "",
        "Scores of given rows; row -1 gives NaN.");
  m.def("rerank", &best_of, "codes"_a, "queries"_a, "bias"_a, "candidates"_a, "k"_a, "ids"_a = nb::none(),
        "threads"_a = 0, "isa"_a = "", "The k best of given candidate rows by these codes.");
  m.def("tile", &every_score<true>, "codes"_a, "queries"_a, "bias"_a, "threads"_a = 0, "isa"_a = "",
        "Every score, (m, n), by the tile.");
  m.def("block", &every_score<false>, "codes"_a, "queries"_a, "bias"_a, "threads"_a = 0, "isa"_a = "",
        "Every score, (m, n), one query at a time.");
  m.def("encode", &encode_rows, "kind"_a, "x"_a, "rows_out"_a.noconvert(),
        "alpha_out"_a.noconvert() = nb::none(), "beta_out"_a.noconvert() = nb::none(), "threads"_a = 0,
        "isa"_a = "", "origin"_a = nb::none(), "more_out"_a.noconvert() = nb::none(),
        "Encode rows in place, less an origin (dim,), factors beside them.");
  m.def("encode_raw", &encode_raw, "kind"_a, "x"_a, "rows_out"_a.noconvert(),
        "alpha_out"_a.noconvert() = nb::none(), "beta_out"_a.noconvert() = nb::none(), "unit"_a = false,
        "origin"_a = nb::none(), "threads"_a = 0, "isa"_a = "",
        "Encode rows of any length, over it where `unit`, and give the greatest squared length.");
  m.def("encode_lines", &encode_lines, "kind"_a, "bits"_a, "x"_a, "rows_out"_a.noconvert(),
        "alpha_out"_a.noconvert(), "shift_out"_a.noconvert(), "beta_out"_a.noconvert() = nb::none(),
        "unit"_a = false, "origin"_a = nb::none(), "threads"_a = 0, "isa"_a = "",
        "more_out"_a.noconvert() = nb::none(),
        "Encode rows as the integers that `lines` gives, as i8 less one and halved; otherwise as "
        "`encode_raw`.");
}

}  // namespace lilliput
