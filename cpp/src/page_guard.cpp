#include "lilliput/page_guard.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "lilliput/crc32c.h"

namespace lilliput {

PageGuard::PageGuard(const std::byte* base, size_t length, std::vector<uint32_t> expected, size_t page,
                     std::string name, uint64_t origin)
    : base_(base),
      length_(length),
      shift_(static_cast<unsigned>(std::countr_zero(page))),
      expected_(std::move(expected)),
      verified_(std::make_unique<std::atomic<uint64_t>[]>(expected_.size() / 64 + 1)),
      name_(std::move(name)),
      origin_(origin) {}

bool PageGuard::verify(size_t page) noexcept {
  if (bad_page() == page) return false;
  const size_t at = page << shift_;
  const size_t n = std::min(size_t{1} << shift_, length_ - at);
  if (crc32c(base_ + at, n) == expected_[page]) {
    verified_[page / 64].fetch_or(uint64_t{1} << (page % 64), std::memory_order_release);
    return true;
  }
  uint64_t none = kNone;
  bad_.compare_exchange_strong(none, page, std::memory_order_acq_rel);
  return false;
}

std::string PageGuard::complaint() const {
  const uint64_t page = bad_page();
  if (page == kNone) return {};
  const uint64_t first = page << shift_;
  const uint64_t last = std::min<uint64_t>(first + (uint64_t{1} << shift_), length_) - 1;
  return name_ + ": bytes " + std::to_string(origin_ + first) + " to " + std::to_string(origin_ + last) +
         " do not match their checksum, so the file is damaged; restore it from a copy or save it anew.";
}

}  // namespace lilliput
