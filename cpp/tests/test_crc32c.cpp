// Checksums: published values, every form against the plain one, and joining in pieces.
#include <string>
#include <vector>

#include "check.h"
#include "lilliput/crc32c.h"

namespace {

using namespace std::string_literals;

using lilliput::crc32c;

uint32_t of(const std::string& text) {
  return crc32c(reinterpret_cast<const std::byte*>(text.data()), text.size());
}

std::vector<std::byte> noise(size_t n) {
  std::vector<std::byte> bytes(n);
  uint32_t state = 1;
  for (auto& byte : bytes) {
    state = state * 1664525u + 1013904223u;
    byte = static_cast<std::byte>(state >> 24);
  }
  return bytes;
}

// Bit by bit, as the definition says it.
uint32_t slow(const std::byte* data, size_t n) {
  uint32_t state = ~0u;
  for (size_t i = 0; i < n; ++i) {
    state ^= static_cast<uint32_t>(data[i]);
    for (int bit = 0; bit < 8; ++bit) state = (state >> 1) ^ ((state & 1u) ? 0x82F63B78u : 0u);
  }
  return ~state;
}

}  // namespace

TEST(crc32c_of_rfc_3720) {
  CHECK(0u == of(""), "empty"s);
  CHECK(0xE3069283u == of("123456789"), "digits"s);
  CHECK(0x8A9136AAu == of(std::string(32, '\0')), "zeros"s);
  CHECK(0x62A8AB43u == of(std::string(32, '\xff')), "ones"s);
}

TEST(crc32c_forms_agree_at_every_length_and_alignment) {
  const std::vector<std::byte> bytes = noise(70'000);
  for (size_t n :
       {0, 1, 7, 8, 9, 255, 767, 768, 769, 1'536, 16'367, 16'368, 16'369, 17'136, 32'736, 65'536, 69'990}) {
    for (size_t offset = 0; offset < 9; offset += 1 + offset / 3) {
      const uint32_t expected = slow(bytes.data() + offset, n);
      const std::string where = std::to_string(n) + " bytes from " + std::to_string(offset);
      CHECK(expected == ~lilliput::portable::crc32c(~0u, bytes.data() + offset, n), where);
      CHECK(expected == crc32c(bytes.data() + offset, n), where);
    }
  }
}

TEST(crc32c_continues_where_it_stopped) {
  const std::vector<std::byte> bytes = noise(40'000);
  const uint32_t expected = crc32c(bytes.data(), bytes.size());
  for (size_t cut = 0; cut <= bytes.size(); cut += 997) {
    const uint32_t front = crc32c(bytes.data(), cut);
    CHECK(expected == crc32c(bytes.data() + cut, bytes.size() - cut, front), std::to_string(cut));
  }
}

TEST(crc32c_pages_end_with_what_is_left) {
  const std::vector<std::byte> bytes = noise(10'001);
  std::vector<uint32_t> pages(6, 7u);
  lilliput::crc32c_pages(bytes.data(), bytes.size(), 2'048, pages.data());
  for (size_t page = 0; page < 5; ++page) {
    const size_t n = page == 4 ? 10'001 - 4 * 2'048 : 2'048;
    CHECK(crc32c(bytes.data() + page * 2'048, n) == pages[page], std::to_string(page));
  }
  CHECK(7u == pages[5], "written past the last page"s);
}
