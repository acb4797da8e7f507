// Deals memory and rounds out to the threads of the pool.
#include "index/roofline.h"

#include <algorithm>
#include <atomic>

#include "kernels/roofline/tables.h"
#include "lilliput/isa.h"
#include "lilliput/pool.h"

namespace lilliput {
namespace {

constexpr size_t kRun = size_t{1} << 20;  // bytes a task, whole words

const Roofline& roofline(Isa isa) {
#ifdef LILLIPUT_X86
  // The tile unit reads no memory of its own accord.
  static const Roofline with_tiles = {avx512::roofline.read, amx::roofline.multiply};
  if (isa == Isa::avx512) return avx512::roofline;
  if (isa == Isa::amx) return with_tiles;
#else
  static_cast<void>(isa);
#endif
  return portable::roofline;
}

}  // namespace

uint64_t stream_read(const std::byte* from, size_t bytes, Isa isa, unsigned threads) {
  const Roofline& table = roofline(isa);
  std::atomic<uint64_t> sum{0};
  parallel_for((bytes + kRun - 1) / kRun, threads, [&](uint64_t i, unsigned, Step&) {
    const size_t first = i * kRun;
    sum.fetch_xor(table.read(from + first, std::min(kRun, bytes - first)), std::memory_order_relaxed);
  });
  return sum;
}

uint64_t multiply_bytes(uint64_t rounds, Isa isa, unsigned threads) {
  const Roofline& table = roofline(isa);
  if (!table.multiply) return 0;
  std::atomic<uint64_t> products{0};
  parallel_for(threads, threads, [&](uint64_t, unsigned, Step&) { products += table.multiply(rounds); });
  return products;
}

}  // namespace lilliput
