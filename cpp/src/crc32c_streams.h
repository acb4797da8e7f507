// Three checksums at once: the machine's CRC instruction answers after three cycles but starts one every
// cycle.
//
// Included by files that are compiled for one instruction set, so everything has internal linkage.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lilliput {
namespace {

constexpr uint32_t kPolynomial = 0x82F63B78u;

// A linear map on the register: column i is the image of bit i.
struct Map {
  uint32_t column[32];

  constexpr uint32_t operator()(uint32_t state) const {
    uint32_t image = 0;
    for (int bit = 0; bit < 32; ++bit) image ^= (state >> bit & 1u) ? column[bit] : 0u;
    return image;
  }
};

constexpr Map compose(const Map& second, const Map& first) {
  Map both{};
  for (int bit = 0; bit < 32; ++bit) both.column[bit] = second(first.column[bit]);
  return both;
}

// What `bytes` zero bytes do to the register.
constexpr Map zeros(size_t bytes) {
  Map power{};
  Map result{};
  for (int bit = 0; bit < 32; ++bit) {
    uint32_t state = 1u << bit;
    result.column[bit] = state;
    for (int step = 0; step < 8; ++step) state = (state >> 1) ^ ((state & 1u) ? kPolynomial : 0u);
    power.column[bit] = state;
  }
  for (; bytes != 0; bytes >>= 1) {
    if (bytes & 1u) result = compose(power, result);
    power = compose(power, power);
  }
  return result;
}

// The same map, one look-up for each byte of the register.
template <size_t Bytes>
struct Shift {
  uint32_t table[4][256];

  constexpr Shift() : table{} {
    const Map map = zeros(Bytes);
    for (int byte = 0; byte < 4; ++byte) {
      for (uint32_t value = 0; value < 256; ++value) table[byte][value] = map(value << (8 * byte));
    }
  }

  uint32_t operator()(uint32_t state) const {
    return table[0][state & 255u] ^ table[1][state >> 8 & 255u] ^ table[2][state >> 16 & 255u] ^
           table[3][state >> 24];
  }
};

inline uint64_t load(const std::byte* data) {
  uint64_t word;
  __builtin_memcpy(&word, data, sizeof word);
  return word;
}

// Takes 3 * Bytes from the front as three streams for as long as there are so many.
template <class Step, size_t Bytes>
uint32_t in_threes(uint32_t state, const std::byte*& data, size_t& n) {
  static constexpr Shift<Bytes> shift;
  for (; n >= 3 * Bytes; n -= 3 * Bytes, data += 3 * Bytes) {
    typename Step::Register a = state, b = 0, c = 0;
    for (size_t at = 0; at < Bytes; at += 8) {
      a = Step::word(a, load(data + at));
      b = Step::word(b, load(data + Bytes + at));
      c = Step::word(c, load(data + 2 * Bytes + at));
    }
    state = shift(shift(static_cast<uint32_t>(a)) ^ static_cast<uint32_t>(b)) ^ static_cast<uint32_t>(c);
  }
  return state;
}

// 4 * 3 * 5,456 bytes and one line make the 64 KiB page, so that a page leaves almost nothing for the slow
// end.
template <class Step>
uint32_t run(uint32_t state, const std::byte* data, size_t n) {
  state = in_threes<Step, 5456>(state, data, n);
  state = in_threes<Step, 256>(state, data, n);
  typename Step::Register last = state;
  for (; n >= 8; n -= 8, data += 8) last = Step::word(last, load(data));
  state = static_cast<uint32_t>(last);
  for (; n > 0; --n, ++data) state = Step::byte(state, static_cast<uint8_t>(*data));
  return state;
}

}  // namespace
}  // namespace lilliput
