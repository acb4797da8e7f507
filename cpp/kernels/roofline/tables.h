// What the machine itself can do: how fast memory is read, how fast bytes are multiplied. Benchmarks divide
// by it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lilliput {

struct Roofline {
  // The exclusive or of all 8-byte words, zeros past the end; nothing that reads every byte is faster.
  uint64_t (*read)(const std::byte* from, size_t bytes);
  // Multiplies bytes in registers alone; gives how many products were summed. Null: this set has no such
  // instruction.
  uint64_t (*multiply)(uint64_t rounds);
};

namespace portable {
extern const Roofline roofline;
}
namespace avx512 {
extern const Roofline roofline;
}
namespace amx {
extern const Roofline roofline;
}

}  // namespace lilliput
