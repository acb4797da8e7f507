// Reads memory in the words of any machine.
#include "kernels/roofline/tables.h"

namespace lilliput::portable {
namespace {

uint64_t word(const std::byte* from, size_t bytes) {
  uint64_t out = 0;
  __builtin_memcpy(&out, from, bytes);
  return out;
}

// Four sums, so that the compiler may keep several loads under way.
uint64_t read(const std::byte* from, size_t bytes) {
  uint64_t sum[4] = {};
  size_t at = 0;
  for (; at + 32 <= bytes; at += 32)
    for (int lane = 0; lane < 4; ++lane) sum[lane] ^= word(from + at + 8 * lane, 8);
  for (; at < bytes; at += 8) sum[0] ^= word(from + at, bytes - at < 8 ? bytes - at : 8);
  return sum[0] ^ sum[1] ^ sum[2] ^ sum[3];
}

}  // namespace

constinit const Roofline roofline = {read, nullptr};

}  // namespace lilliput::portable
