// Verifies the pages of a mapped file at first touch.
//
// A guard owns the expected checksums and one bit a page; the bytes belong to somebody else. Safe from any
// number of threads: two that meet a fresh page at once may both verify it, and agree.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace lilliput {

class PageGuard {
 public:
  static constexpr uint64_t kNone = ~uint64_t{0};

  // `page` is a power of two; `expected` holds one checksum for each page of the `length` bytes. `name` and
  // `origin`, the place of the first byte in the file, serve the complaint alone.
  PageGuard(const std::byte* base, size_t length, std::vector<uint32_t> expected, size_t page,
            std::string name, uint64_t origin);

  // True when every page under these bytes is what its checksum says. False for a bad page, and for bytes
  // that the guard does not cover.
  bool touch(const void* bytes, size_t n) noexcept {
    if (n == 0) return true;
    if (!covers(bytes, n)) return false;
    const size_t offset = static_cast<size_t>(static_cast<const std::byte*>(bytes) - base_);
    const size_t last = (offset + n - 1) >> shift_;
    for (size_t page = offset >> shift_; page <= last; ++page) {
      if (!verified(page) && !verify(page)) return false;
    }
    return true;
  }

  bool touch_all() noexcept { return touch(base_, length_); }

  bool covers(const void* bytes, size_t n) const noexcept {
    const auto first = reinterpret_cast<uintptr_t>(bytes);
    const auto base = reinterpret_cast<uintptr_t>(base_);
    return first >= base && first - base <= length_ && n <= length_ - (first - base);
  }

  // The first bad page that any thread met, or kNone.
  uint64_t bad_page() const noexcept { return bad_.load(std::memory_order_acquire); }

  // One sentence on the bad page: which file, where, what to do. Empty without one.
  std::string complaint() const;

  const std::byte* base() const noexcept { return base_; }
  size_t length() const noexcept { return length_; }
  size_t pages() const noexcept { return expected_.size(); }

 private:
  bool verified(size_t page) const noexcept {
    return verified_[page / 64].load(std::memory_order_acquire) >> (page % 64) & 1u;
  }
  bool verify(size_t page) noexcept;

  const std::byte* base_;
  size_t length_;
  unsigned shift_;
  std::vector<uint32_t> expected_;
  std::unique_ptr<std::atomic<uint64_t>[]> verified_;
  std::atomic<uint64_t> bad_{kNone};
  std::string name_;
  uint64_t origin_;
};

}  // namespace lilliput
