// CRC32C by the SSE4.2 instruction; compiled with -msse4.2, called only where CPUID says so.
#include "lilliput/crc32c.h"

#if defined(__x86_64__)

#include <nmmintrin.h>

#include "crc32c_streams.h"

namespace lilliput {
namespace sse42 {
namespace {

struct Step {
  using Register = uint64_t;
  static uint64_t word(uint64_t state, uint64_t data) { return _mm_crc32_u64(state, data); }
  static uint32_t byte(uint32_t state, uint8_t data) { return _mm_crc32_u8(state, data); }
};

}  // namespace

uint32_t crc32c(uint32_t state, const std::byte* data, size_t n) { return run<Step>(state, data, n); }

}  // namespace sse42
}  // namespace lilliput

#endif
