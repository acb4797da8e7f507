// The machine's own rates, on as many threads as the search that is compared with them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lilliput/codes.h"

namespace lilliput {

// Reads all bytes; the exclusive or of their 8-byte words.
uint64_t stream_read(const std::byte* from, size_t bytes, Isa isa, unsigned threads);

// Multiplies bytes `rounds` times on each thread; how many products were summed, 0 where the set has no such
// instruction.
uint64_t multiply_bytes(uint64_t rounds, Isa isa, unsigned threads);

}  // namespace lilliput
