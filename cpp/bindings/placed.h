// Rows on their way into codes: scaled, moved and measured a few at a time, so that what is copied stays in
// the first cache.
#pragma once

#include <algorithm>
#include <vector>

#include "lilliput/dense.h"

namespace lilliput {

struct Place {
  const Dense& dense;
  uint32_t dim;
  bool unit = false;              // over their lengths
  const float* origin = nullptr;  // then less this, unless null
  bool measured = false;          // whether their lengths are wanted even where they stay as they are

  // Rows at a time.
  uint64_t few() const {
    constexpr uint64_t kRoom = 4096, kMost = 16;
    return std::clamp<uint64_t>(kRoom / dim, 1, kMost);
  }

  // Calls work(rows, the number of the first, how many), and gives the greatest squared norm that rows had; 0
  // where nothing was to be done to them.
  template <class Work>
  float each(const float* x, uint64_t n, const Work& work) const {
    const bool moves = unit || origin;
    if (!moves && !measured) {
      work(x, uint64_t{0}, n);
      return 0.0f;
    }
    std::vector<float> room(few() * (moves ? dim : 1));
    float most = 0.0f;
    for (uint64_t first = 0; first < n; first += few()) {
      const uint64_t count = std::min(few(), n - first);
      const float* from = x + first * dim;
      if (moves) {
        most = std::max(most, dense.place(dim, count, from, unit, origin, room.data()));
      } else {
        dense.norm2(dim, count, from, room.data());
        most = std::max(most, *std::max_element(room.begin(), room.begin() + static_cast<ptrdiff_t>(count)));
      }
      work(moves ? room.data() : from, first, count);
    }
    return most;
  }
};

}  // namespace lilliput
