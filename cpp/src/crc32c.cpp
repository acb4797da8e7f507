#include "lilliput/crc32c.h"

#include <algorithm>
#include <bit>

#include "lilliput/isa.h"

#if defined(LILLIPUT_ARM) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace lilliput {
namespace {

static_assert(std::endian::native == std::endian::little, "the file's words are read as they lie");

// Eight tables: entry [k][b] is what byte b does when k more bytes follow it.
struct Slices {
  uint32_t table[8][256];

  constexpr Slices() : table{} {
    for (uint32_t value = 0; value < 256; ++value) {
      uint32_t state = value;
      for (int bit = 0; bit < 8; ++bit) state = (state >> 1) ^ ((state & 1u) ? 0x82F63B78u : 0u);
      table[0][value] = state;
    }
    for (int k = 1; k < 8; ++k) {
      for (uint32_t value = 0; value < 256; ++value) {
        const uint32_t before = table[k - 1][value];
        table[k][value] = (before >> 8) ^ table[0][before & 255u];
      }
    }
  }
};

constexpr Slices kSlices;

using Form = uint32_t (*)(uint32_t, const std::byte*, size_t);

Form fastest() {
#ifdef LILLIPUT_X86
  if (__builtin_cpu_supports("sse4.2")) return sse42::crc32c;
#elif defined(LILLIPUT_ARM) && defined(__linux__)
  if (getauxval(AT_HWCAP) & HWCAP_CRC32) return armv8::crc32c;
#elif defined(LILLIPUT_ARM) && defined(__APPLE__)
  return armv8::crc32c;
#endif
  return portable::crc32c;
}

}  // namespace

namespace portable {

uint32_t crc32c(uint32_t state, const std::byte* data, size_t n) {
  const auto& table = kSlices.table;
  for (; n >= 8; n -= 8, data += 8) {
    uint64_t word;
    __builtin_memcpy(&word, data, sizeof word);
    word ^= state;
    state = 0;
    for (int byte = 0; byte < 8; ++byte) state ^= table[7 - byte][word >> (8 * byte) & 255u];
  }
  for (; n > 0; --n, ++data) state = (state >> 8) ^ table[0][(state ^ static_cast<uint32_t>(*data)) & 255u];
  return state;
}

}  // namespace portable

uint32_t crc32c(const std::byte* data, size_t n, uint32_t start) {
  static const Form form = fastest();
  return ~form(~start, data, n);
}

void crc32c_pages(const std::byte* data, size_t n, size_t page, uint32_t* out) {
  for (size_t at = 0; at < n; at += page) *out++ = crc32c(data + at, std::min(page, n - at));
}

}  // namespace lilliput
