// Rows of odd integers: a number u of `Bits` bits stands for 2u - (2^Bits - 1), so that zero lies between the
// two middle ones; of eight bits, for u - 128, which fits a byte. The highest bits of all dimensions are the
// signs, a byte for eight. The others lie in an array of their own, for each eight dimensions a byte of the
// next bit, a byte of the one after it, and so on. What fills the last bytes up is 0.
//
// With factors a row is encoded as in Gao et al., "Practical and asymptotically optimal quantization of
// high-dimensional vectors in Euclidean space for approximate nearest neighbor search", SIGMOD 2025: the
// integers v are those nearest in angle to x, and alpha = |x|^2 / dot(x, v), with which alpha * dot(q, v) is
// an unbiased estimate of dot(q, x) if x was rotated at random. beta is minus the squared length of x itself.
#pragma once

#include "kernels/exact.h"
#include "lilliput/codes.h"

namespace lilliput::LILLIPUT_TARGET {
namespace {

template <uint32_t Bits>
constexpr bool kOdd = Bits < 8;

template <uint32_t Bits>
constexpr int32_t kSpacing = kOdd<Bits> ? 2 : 1;  // of the integers

template <uint32_t Bits>
constexpr int32_t kTaken = kOdd<Bits> ? (1 << Bits) - 1 : 128;  // a number is kSpacing * u less this

template <uint32_t Bits>
constexpr float kMostSteps = kOdd<Bits> ? (1 << (Bits - 1)) - 0.5f : 127.0f;  // from zero to the last level

// Of the numbers of a query. Rows of eight bits round so little that one digit would round more.
template <uint32_t Bits>
constexpr uint32_t kDigits = kOdd<Bits> ? 1 : 2;

inline uint32_t plane_bytes(uint32_t dim) { return (dim + 7) / 8; }

// Eight bits as eight bytes of 0 or 1, the lowest first.
constexpr auto kSpread = [] {
  struct {
    uint64_t of[256];
  } table{};
  for (uint32_t byte = 0; byte < 256; ++byte)
    for (uint32_t bit = 0; bit < 8; ++bit) table.of[byte] |= uint64_t{byte >> bit & 1} << (8 * bit);
  return table;
}();

// What lies below these signs, which are any of the codes: so many times as many bytes.
template <uint32_t Bits>
inline const std::byte* below(const Codes& codes, const std::byte* signs) {
  return codes.more + (signs - codes.rows) * (Bits - 1);
}

// The u of eight dimensions, a byte each.
template <uint32_t Bits>
inline uint64_t eight_of(const Codes& codes, const std::byte* signs) {
  const std::byte* lower = below<Bits>(codes, signs);
  uint64_t u = kSpread.of[static_cast<uint8_t>(*signs)];
  for (uint32_t p = 0; p + 1 < Bits; ++p) u = u * 2 + kSpread.of[static_cast<uint8_t>(lower[p])];
  return u;
}

// The numbers of a row, a byte each.
template <uint32_t Bits>
inline void expand_planes(const Codes& codes, const std::byte* row, std::byte* out) {
  const uint32_t dim = codes.dim, bytes = plane_bytes(dim);
  for (uint32_t at = 0; at < bytes; ++at) {
    const uint64_t u = eight_of<Bits>(codes, row + at);
    uint8_t eight[8];
    __builtin_memcpy(eight, &u, 8);
    const uint32_t count = dim - 8 * at < 8 ? dim - 8 * at : 8;
    for (uint32_t i = 0; i < count; ++i)
      out[8 * at + i] = static_cast<std::byte>(kSpacing<Bits> * eight[i] - kTaken<Bits>);
  }
}

// What steps, in units of the root mean square, lose least of normal numbers (Max, "Quantizing for minimum
// distortion", 1960), for 2 to 8 bits. A row's own best step is looked for around it, up to the step that
// brings its largest number to the last level.
constexpr float kNormalStep[] = {0.9957f, 0.5860f, 0.3352f, 0.1881f, 0.1041f, 0.0569f, 0.0308f};
constexpr float kAround[] = {0.9f, 1.0f, 1.15f};

// A row's integers at one step: their product with the row and their squared length.
struct Fit {
  float dot, squares;
  float inverse;  // of the step that gave them

  // cos^2 of the angle to the row, but for the length of the row.
  float closeness() const { return dot * dot / squares; }
};

// The integers nearest to x in steps: V is a float or a vector of them.
template <uint32_t Bits, class V>
inline V level_at(V x, float inverse) {
  constexpr float kMagic = 12582912.0f;  // 1.5 * 2^23, which leaves no fraction
  const V scaled = x * inverse, most = V{} + kMostSteps<Bits>;
  const V low = scaled < -most ? -most : scaled;
  const V held = low > most ? most : low;
  if constexpr (!kOdd<Bits>) return (held + kMagic) - kMagic;
  const V floor = ((held - 0.5f) + kMagic) - kMagic;
  return 2.0f * floor + 1.0f;
}

template <uint32_t Bits>
inline Fit fit_at(const float* x, uint32_t dim, float inverse) {
  Vector dot[kParts] = {}, squares[kParts] = {};
  const auto add = [&](const float* sixteen, const float* there) {
    for (int p = 0; p < kParts; ++p) {
      Vector a, mask;
      __builtin_memcpy(&a, sixteen + p * kWidth, sizeof a);
      __builtin_memcpy(&mask, there + p * kWidth, sizeof mask);
      const Vector v = level_at<Bits>(a, inverse) * mask;
      dot[p] += a * v;
      squares[p] += v * v;
    }
  };
  static constexpr float kAll[kLanes] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  uint32_t i = 0;
  for (; i + kLanes <= dim; i += kLanes) add(x + i, kAll);
  if (i < dim) {
    float tail[kLanes] = {}, there[kLanes] = {};
    __builtin_memcpy(tail, x + i, (dim - i) * sizeof(float));
    __builtin_memcpy(there, kAll, (dim - i) * sizeof(float));
    add(tail, there);
  }
  return {fold_lanes(dot), fold_lanes(squares), inverse};
}

// The fit of least angle: of the steps tried, then of the best step for the best one's integers.
template <uint32_t Bits>
inline Fit best_fit(const float* x, uint32_t dim, float norm) {
  const float rms = __builtin_sqrtf(norm / static_cast<float>(dim));
  const float widest = max_abs(x, dim) / kMostSteps<Bits>;
  Fit best{0.0f, 1.0f, 0.0f};
  const auto attempt = [&](float step) {
    const float inverse = 1.0f / step;
    if (!(inverse < __builtin_inff())) return;
    const Fit fit = fit_at<Bits>(x, dim, inverse);
    if (fit.closeness() > best.closeness()) best = fit;
  };
  for (const float around : kAround) {
    const float step = rms * (kNormalStep[Bits - 2] * around);
    attempt(step < widest ? step : widest);
  }
  attempt(widest);
  attempt(kSpacing<Bits> * best.dot / best.squares);
  return best;
}

// The u of the nearest integers.
template <uint32_t Bits>
inline void number_each(const float* x, uint32_t count, float inverse, uint8_t* u) {
  constexpr float kMagic = 12582912.0f + (1 << (Bits - 1));
  const auto number = [&]<class V>(V v) {
    const V level = level_at<Bits>(v, inverse);
    if constexpr (kOdd<Bits>) return (level - 1.0f) * 0.5f + kMagic;
    return level + kMagic;
  };
  to_bytes(x, count, number, u);
}

// Eight bytes as a matrix of bits, transposed: byte j holds bit j of each.
inline uint64_t turned(uint64_t x) {
  uint64_t swap = (x ^ x >> 7) & 0x00aa00aa00aa00aa;
  x ^= swap ^ swap << 7;
  swap = (x ^ x >> 14) & 0x0000cccc0000cccc;
  x ^= swap ^ swap << 14;
  swap = (x ^ x >> 28) & 0x00000000f0f0f0f0;
  return x ^ swap ^ swap << 28;
}

template <uint32_t Bits>
inline void write_planes(const float* x, uint32_t dim, float inverse, std::byte* row, std::byte* lower) {
  for (uint32_t first = 0; first < dim; first += 64) {
    const uint32_t count = dim - first < 64 ? dim - first : 64;
    uint8_t u[64] = {};
    number_each<Bits>(x + first, count, inverse, u);
    uint64_t eights[8];
    __builtin_memcpy(eights, u, sizeof u);
    for (uint64_t& eight : eights) eight = turned(eight) << (64 - 8 * Bits);
    for (uint32_t i = 0; i < count; i += 8, lower += Bits - 1) {
      const uint64_t planes = __builtin_bswap64(eights[i / 8]), rest = planes >> 8;
      row[(first + i) / 8] = static_cast<std::byte>(planes);
      __builtin_memcpy(lower, &rest, Bits - 1);
    }
  }
}

// Without factors the step is 1, and integers are those nearest to the numbers.
template <uint32_t Bits>
inline void encode_planes(uint32_t dim, uint64_t n, const float* x, std::byte* rows, std::byte* more,
                          float* alpha, float* beta) {
  const size_t bytes = plane_bytes(dim);
  for (uint64_t r = 0; r < n; ++r, x += dim, rows += bytes, more += (Bits - 1) * bytes) {
    const float norm = norm2(x, dim);
    float inverse = 1.0f / kSpacing<Bits>;
    if (alpha) {
      const Fit fit = best_fit<Bits>(x, dim, norm);
      inverse = fit.inverse;
      alpha[r] = fit.dot > 0 && norm < __builtin_inff() ? norm / fit.dot : 0.0f;
    }
    write_planes<Bits>(x, dim, inverse, rows, more);
    if (beta) beta[r] = -norm;
  }
}

}  // namespace
}  // namespace lilliput::LILLIPUT_TARGET
