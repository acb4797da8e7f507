// CRC32C by the ARMv8 instruction, called only where the kernel reports it.
#include "lilliput/crc32c.h"

#if defined(__aarch64__)

// The pragma must come before arm_acle.h: only then does the header declare the instruction.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("crc"))), apply_to = function)
#else
#pragma GCC target("+crc")
#endif
#include <arm_acle.h>

#include "crc32c_streams.h"

namespace lilliput {
namespace armv8 {
namespace {

struct Step {
  using Register = uint32_t;
  static uint32_t word(uint32_t state, uint64_t data) { return __crc32cd(state, data); }
  static uint32_t byte(uint32_t state, uint8_t data) { return __crc32cb(state, data); }
};

}  // namespace

uint32_t crc32c(uint32_t state, const std::byte* data, size_t n) { return run<Step>(state, data, n); }

}  // namespace armv8
}  // namespace lilliput

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
