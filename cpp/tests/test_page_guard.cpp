// Page guards: what they let through, what they remember, and many threads at once.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "lilliput/crc32c.h"
#include "lilliput/page_guard.h"

namespace {

using namespace std::string_literals;

using lilliput::PageGuard;

constexpr size_t kPage = 4'096;
constexpr size_t kBytes = 200 * kPage + 100;

struct Guarded {
  std::vector<std::byte> bytes = std::vector<std::byte>(kBytes, std::byte{42});

  PageGuard guard() const {
    std::vector<uint32_t> pages((kBytes + kPage - 1) / kPage);
    lilliput::crc32c_pages(bytes.data(), bytes.size(), kPage, pages.data());
    return PageGuard(bytes.data(), bytes.size(), pages, kPage, "codes.safetensors", 1'000);
  }
};

}  // namespace

TEST(page_guard_passes_whole_pages) {
  Guarded memory;
  PageGuard guard = memory.guard();
  CHECK(201 == guard.pages(), "pages"s);
  CHECK(guard.touch(memory.bytes.data() + 5, 3 * kPage), "first touch"s);
  CHECK(guard.touch(memory.bytes.data() + 5, 3 * kPage), "second touch"s);
  CHECK(guard.touch_all(), "all"s);
  CHECK(PageGuard::kNone == guard.bad_page() && guard.complaint().empty(), guard.complaint());
}

TEST(page_guard_names_the_bad_page_and_remembers_it) {
  Guarded memory;
  PageGuard guard = memory.guard();
  memory.bytes[7 * kPage] ^= std::byte{1};
  CHECK(guard.touch(memory.bytes.data(), 7 * kPage), "the pages before"s);
  CHECK(!guard.touch(memory.bytes.data() + 7 * kPage - 1, 2), "across the edge"s);
  memory.bytes[7 * kPage] ^= std::byte{1};
  CHECK(!guard.touch(memory.bytes.data() + 7 * kPage + 9, 1), "a page that was bad stays bad"s);
  CHECK(guard.touch(memory.bytes.data() + 8 * kPage, 1), "its neighbour"s);
  CHECK(7 == guard.bad_page(), std::to_string(guard.bad_page()));
  CHECK(0 == guard.complaint().rfind("codes.safetensors: bytes 29672 to 33767 do not match", 0),
        guard.complaint());
}

TEST(page_guard_checks_the_short_last_page) {
  Guarded memory;
  PageGuard guard = memory.guard();
  memory.bytes[kBytes - 1] ^= std::byte{128};
  CHECK(!guard.touch(memory.bytes.data() + kBytes - 100, 1), "last page"s);
  CHECK(200 == guard.bad_page(), std::to_string(guard.bad_page()));
}

TEST(page_guard_covers_its_bytes_and_no_others) {
  Guarded memory;
  PageGuard guard = memory.guard();
  const std::byte* base = memory.bytes.data();
  CHECK(guard.touch(base + kBytes, 0), "nothing, at the end"s);
  CHECK(!guard.touch(base + kBytes, 1), "behind the end"s);
  CHECK(!guard.touch(base, kBytes + 1), "one too many"s);
  CHECK(!guard.touch(base, ~size_t{0}), "a length that wraps"s);
  CHECK(PageGuard::kNone == guard.bad_page(), "bytes outside are not bad pages"s);
}

TEST(page_guard_serves_many_threads) {
  Guarded memory;
  PageGuard guard = memory.guard();
  memory.bytes[150 * kPage + 3] ^= std::byte{4};
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (size_t step = 0; step < 200; ++step) {
        const size_t page = (step * 37 + static_cast<size_t>(thread) * 50) % 200;
        refused += !guard.touch(memory.bytes.data() + page * kPage, kPage);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(4 == refused.load(), std::to_string(refused.load()));
  CHECK(150 == guard.bad_page(), std::to_string(guard.bad_page()));
}
