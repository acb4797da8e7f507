// A seeded stream of the floats that kernels meet, the awkward ones too.
#pragma once

#include <cstdint>
#include <random>

namespace lilliput::tests {

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}

  float normal() { return normal_(engine_); }
  uint32_t below(uint32_t n) { return engine_() % n; }

  // Mostly ordinary, now and then a zero of either sign, a subnormal or the largest half.
  float awkward() {
    switch (below(12)) {
      case 0:
        return 0.0f;
      case 1:
        return -0.0f;
      case 2:
        return 1e-40f * normal();
      case 3:
        return 65504.0f;
      case 4:
        return 3e-6f * normal();
      default:
        return normal();
    }
  }

 private:
  std::mt19937 engine_;
  std::normal_distribution<float> normal_;
};

}  // namespace lilliput::tests
