// Scratch memory on a cache line, kept from call to call.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

namespace lilliput {

class Memory {
 public:
  // At least `bytes`, and 64 more that kernels may read past them; what was there is gone.
  std::byte* reserve(size_t bytes) {
    if (bytes > size_) {
      const size_t rounded = (bytes + 127) / 64 * 64;
      memory_.reset(static_cast<std::byte*>(std::aligned_alloc(64, rounded)));
      if (!memory_) throw std::bad_alloc();
      size_ = rounded - 64;
    }
    return memory_.get();
  }

 private:
  struct Free {
    void operator()(std::byte* p) const { std::free(p); }
  };
  std::unique_ptr<std::byte[], Free> memory_;
  size_t size_ = 0;
};

}  // namespace lilliput
