// A codebook as Python holds it.
#pragma once

#include "bindings/arrays.h"
#include "lilliput/codes.h"

namespace lilliput {

// What rows of word numbers stand for; keeps its arrays alive.
class CodebookView {
 public:
  CodebookView(In<int8_t, 3> words, std::optional<In<int32_t, 2>> norms, float unit)
      : words_(words), norms_(norms) {
    const uint32_t parts = static_cast<uint32_t>(words.shape(0)),
                   entries = static_cast<uint32_t>(words.shape(1)),
                   width = static_cast<uint32_t>(words.shape(2));
    require(parts > 0 && width > 0 && uint64_t{parts} * width < (1u << 24),
            "words must be (parts, entries, width)");
    require(entries == 16 || entries == 256, "a part has 16 or 256 words");
    require(!norms || (norms->shape(0) == parts && norms->shape(1) == entries),
            "norms must be (parts, entries)");
    book = {parts, entries, width, words.data(), norms ? norms->data() : nullptr, unit};
  }
  Codebook book;

 private:
  In<int8_t, 3> words_;
  std::optional<In<int32_t, 2>> norms_;
};

}  // namespace lilliput
