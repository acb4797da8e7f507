// Codebooks: training, and writing the numbers of the nearest words.
#include "lilliput/words.h"

#include "bindings/arrays.h"
#include "bindings/codebook.h"

namespace lilliput {
namespace {

constexpr uint32_t kMostWidth = 4096;

uint32_t width_of(uint32_t dim, uint32_t parts) {
  require(parts > 0 && dim > 0, "there must be parts and dimensions");
  const uint32_t width = (dim + parts - 1) / parts;
  require(width <= kMostWidth, "a part has at most 4096 dimensions");
  return width;
}

std::tuple<Out<float, 1>, Out<float, 1>, Out<int8_t, 3>, Out<double, 1>> train(
    In<float, 2> x, uint32_t parts, uint32_t entries, uint32_t iterations, uint64_t seed, bool centred,
    unsigned threads, const std::string& isa) {
  require(entries == 16 || entries == 256, "a part has 16 or 256 words");
  require(x.shape(0) > 0 && x.shape(0) < 1u << 24, "1 to 2^24 rows are trained on");
  const uint32_t dim = static_cast<uint32_t>(x.shape(1)), width = width_of(dim, parts);
  const Fresh<float> mean(size_t{parts} * width), step(parts);
  const Fresh<int8_t> words(size_t{parts} * entries * width);
  const Fresh<double> inertia(parts);
  const NearestWord& kernel = nearest_word(isa_named(isa));
  bool done;
  {
    const nb::gil_scoped_release released;
    done = train_words({x.data(), x.shape(0), dim, parts, width},
                       {entries, iterations, seed, threads_or_default(threads), signals(), centred}, kernel,
                       {mean.data, step.data, words.data, inertia.data});
  }
  if (!done) throw nb::python_error();
  return {mean.array(size_t{parts} * width), step.array(parts),
          Out<int8_t, 3>(words.data, {parts, entries, width}, words.owner), inertia.array(parts)};
}

void encode(const CodebookView& view, In<float, 1> mean, In<float, 1> step, In<float, 2> x,
            Into<uint8_t, 2> rows, unsigned threads, const std::string& isa) {
  const Codebook& book = view.book;
  const uint32_t dim = static_cast<uint32_t>(x.shape(1));
  require(width_of(dim, book.parts) == book.width, "x does not fit the codebook");
  require(mean.shape(0) == size_t{book.parts} * book.width && step.shape(0) == book.parts,
          "mean must be (parts * width,) and step (parts,)");
  require(rows.shape(0) == x.shape(0) &&
              rows.shape(1) == (book.entries == 16 ? (book.parts + 1) / 2 : book.parts),
          "rows_out must be (n, row_bytes)");
  const NearestWord& kernel = nearest_word(isa_named(isa));
  const nb::gil_scoped_release released;
  encode_words(book, mean.data(), step.data(), {x.data(), x.shape(0), dim, book.parts, book.width}, kernel,
               threads_or_default(threads), reinterpret_cast<std::byte*>(rows.data()));
}

std::tuple<Out<uint8_t, 2>, Out<double, 1>> sums(const CodebookView& view, float step, In<float, 2> x,
                                                 uint32_t beam, unsigned threads, const std::string& isa) {
  const Codebook& book = view.book;
  require(book.summed && x.shape(1) == book.width, "x does not fit the codebook");
  require(book.width <= kMostWidth && beam > 0 && beam <= 64,
          "sums are of at most 4096 dimensions, beams of 64");
  const size_t n = x.shape(0);
  const Fresh<uint8_t> numbers(n * book.parts);
  const Fresh<double> squares(n);
  const NearestWord& kernel = nearest_word(isa_named(isa));
  {
    const nb::gil_scoped_release released;
    encode_sums(book, step, x.data(), n, beam, kernel, threads_or_default(threads), numbers.data,
                squares.data);
  }
  return {numbers.array(n, book.parts), squares.array(n)};
}

}  // namespace

void bind_words(nb::module_& m) {
  nb::class_<CodebookView>(m, "Codebook", "What rows of word numbers stand for; keeps the arrays alive.")
      .def(nb::init<In<int8_t, 3>, std::optional<In<int32_t, 2>>, float,
                    std::optional<std::pair<float, float>>, bool>(),
           "words"_a.noconvert(), "norms"_a.noconvert() = nb::none(), "unit"_a = 1.0f,
           "lengths"_a = nb::none(), "summed"_a = false);
  m.def("train_words", &train, "x"_a, "parts"_a, "entries"_a, "iterations"_a, "seed"_a, "centred"_a = true,
        "threads"_a = 0, "isa"_a = "",
        "Lloyd's algorithm for each part: mean, step, words (parts, entries, width), inertia of each part.");
  m.def("encode_words", &encode, "book"_a, "mean"_a, "step"_a, "x"_a, "rows_out"_a.noconvert(),
        "threads"_a = 0, "isa"_a = "", "Write the numbers of each part's nearest words in place.");
  m.def("encode_sums", &sums, "book"_a, "step"_a, "x"_a, "beam"_a, "threads"_a = 0, "isa"_a = "",
        "Numbers of the words (n, parts) whose sums are near rows, and the sums' squared lengths in steps.");
}

}  // namespace lilliput
