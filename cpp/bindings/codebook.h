// A codebook as Python holds it.
#pragma once

#include <nanobind/stl/pair.h>

#include <limits>
#include <utility>

#include "bindings/arrays.h"
#include "lilliput/words.h"

namespace lilliput {

// What rows of word numbers stand for; keeps its arrays alive.
class CodebookView {
 public:
  CodebookView(const CodebookView&) = delete;
  static constexpr uint64_t kMostProducts = 1 << 17;  // of two numbers from -128 to 127, summed in 32 bits

  CodebookView(In<int8_t, 3> words, std::optional<In<int32_t, 2>> norms, float unit,
               std::optional<std::pair<float, float>> squares, bool summed)
      : words_(words), norms_(norms) {
    const uint32_t parts = static_cast<uint32_t>(words.shape(0)),
                   entries = static_cast<uint32_t>(words.shape(1)),
                   width = static_cast<uint32_t>(words.shape(2));
    require(parts > 0 && width > 0 && uint64_t{parts} * width < (1u << 24),
            "words must be (parts, entries, width)");
    require(!summed || uint64_t{parts} * width <= kMostProducts, "sums of so many words pass 32 bits");
    require(entries == 16 || entries == 256, "a part has 16 or 256 words");
    require(!norms || (norms->shape(0) == parts && norms->shape(1) == entries),
            "norms must be (parts, entries)");
    require(!squares || (norms && 0.0f < squares->first && squares->first <= squares->second &&
                         squares->second < std::numeric_limits<float>::infinity()),
            "lengths are told by norms, and lie between two squares");
    if (squares) lengths_ = lengths_between(squares->first, squares->second);
    book = {parts,
            entries,
            width,
            words.data(),
            norms ? norms->data() : nullptr,
            unit,
            squares ? &lengths_ : nullptr,
            summed};
  }
  uint32_t dim() const { return book.summed ? book.width : book.parts * book.width; }
  Codebook book;

 private:
  In<int8_t, 3> words_;
  std::optional<In<int32_t, 2>> norms_;
  Lengths lengths_{};
};

}  // namespace lilliput
