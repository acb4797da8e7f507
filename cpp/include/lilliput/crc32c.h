// CRC32C, the checksum of every page and header on disk: reflected polynomial 0x82F63B78, inverted at both
// ends.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lilliput {

// Continues from `start`, the checksum of the bytes before; 0 begins. Runs the fastest form this machine has.
uint32_t crc32c(const std::byte* data, size_t n, uint32_t start = 0);

// One checksum for each `page` bytes, the last page being what is left: out holds ceil(n / page) of them.
void crc32c_pages(const std::byte* data, size_t n, size_t page, uint32_t* out);

// The forms themselves work on the inverted register, so that streams can be joined.
namespace portable {
uint32_t crc32c(uint32_t state, const std::byte* data, size_t n);
}
namespace sse42 {
uint32_t crc32c(uint32_t state, const std::byte* data, size_t n);
}
namespace armv8 {
uint32_t crc32c(uint32_t state, const std::byte* data, size_t n);
}

}  // namespace lilliput
