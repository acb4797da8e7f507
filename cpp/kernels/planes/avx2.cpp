// Planes with AVX2: 32 bits of each plane become bytes. One query: vpmaddubsw takes the numbers as unsigned;
// what two of them add, at most 2 * 127 * 127, fits int16; those of eight bits are widened to int16, as their
// queries are. Tiles: rows are widened to int16 once for all queries.
#define LILLIPUT_TARGET avx2
#include "kernels/i8/query.h"
#include "kernels/i8/shorts_avx2.h"
#include "kernels/planes/planes.h"
#include "kernels/rows.h"
#include "kernels/tables.h"

namespace lilliput::avx2 {
namespace {

// Bytes of -1 where a bit is set: of dimension i, bit i % 8 of the byte that `from` picks.
inline __m256i spread(__m256i bytes, __m256i from) {
  const __m256i bit = _mm256_set1_epi64x(static_cast<int64_t>(0x8040201008040201));
  return _mm256_cmpeq_epi8(_mm256_and_si256(_mm256_shuffle_epi8(bytes, from), bit), bit);
}

// Sixteen dimensions a lane: their lower bits are bytes of 0 to `count` in each.
inline __m256i lanes_of(const std::byte* from, uint32_t count, uint32_t left, bool whole) {
  if (whole) {
    const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return _mm256_set_m128i(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + count)), low);
  }
  alignas(32) std::byte copy[32] = {};
  __builtin_memcpy(copy, from, left < count ? left : count);
  if (left > count) __builtin_memcpy(copy + 16, from + count, left - count);
  return _mm256_load_si256(reinterpret_cast<const __m256i*>(copy));
}

// The u of 32 dimensions, of which `count` times eight are there; `whole` where 16 bytes may be read from the
// lower bits of the last sixteen.
template <uint32_t Bits>
inline __m256i thirty_two(const std::byte* top, const std::byte* lower, uint32_t count, bool whole) {
  constexpr uint32_t kLower = Bits - 1;
  const __m256i four = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
  const __m256i two = _mm256_setr_epi64x(0, 0x0101010101010101 * kLower, 0, 0x0101010101010101 * kLower);
  uint32_t signs = 0;
  __builtin_memcpy(&signs, top, count);
  const __m256i rest = lanes_of(lower, 2 * kLower, count * kLower, whole);
  __m256i u =
      _mm256_sub_epi8(_mm256_setzero_si256(), spread(_mm256_set1_epi32(static_cast<int32_t>(signs)), four));
  for (uint32_t p = 0; p < kLower; ++p) {
    const __m256i from = _mm256_add_epi8(two, _mm256_set1_epi8(static_cast<char>(p)));
    u = _mm256_sub_epi8(_mm256_add_epi8(u, u), spread(rest, from));
  }
  return u;
}

template <uint32_t Bits>
class Dot {
 public:
  Dot(const Codes& codes, const std::byte* query)
      : codes_(codes), sum_(head(query).sum), query_(query + kQueryHead) {}

  float one(const std::byte* row) const {
    const __m256i zero = _mm256_setzero_si256();
    return finished(_mm_cvtsi128_si32(sum_four(sums(row), zero, zero, zero)));
  }

  void four(const std::byte* const (&rows)[4], float* out) const {
    alignas(16) int32_t dots[4];
    _mm_store_si128(reinterpret_cast<__m128i*>(dots),
                    sum_four(sums(rows[0]), sums(rows[1]), sums(rows[2]), sums(rows[3])));
    for (int r = 0; r < 4; ++r) out[r] = finished(dots[r]);
  }

 private:
  float finished(int32_t dot) const {
    return static_cast<float>(kOdd<Bits> ? 2 * dot - kTaken<Bits> * sum_ : dot);
  }

  __m256i step(__m256i u, uint32_t b, __m256i sum) const {
    if constexpr (kOdd<Bits>) {
      const __m256i pairs = _mm256_maddubs_epi16(u, load_bytes(query_ + 8 * size_t{b}));
      return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
    } else {
      const __m256i v = _mm256_xor_si256(u, _mm256_set1_epi8(static_cast<char>(0x80)));
      const std::byte* q = query_ + 16 * size_t{b};
      const __m256i low = _mm256_cvtepi8_epi16(_mm256_castsi256_si128(v)),
                    high = _mm256_cvtepi8_epi16(_mm256_extracti128_si256(v, 1));
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(low, load_bytes(q)));
      return _mm256_add_epi32(sum, _mm256_madd_epi16(high, load_bytes(q + 32)));
    }
  }

  __m256i sums(const std::byte* row) const {
    __m256i sum = _mm256_setzero_si256();
    const uint32_t bytes = codes_.row_bytes;
    uint32_t b = 0;
    const std::byte *lower = below<Bits>(codes_, row), *end = lower + codes_.more_bytes;
    for (; b + 4 <= bytes; b += 4, lower += 4 * (Bits - 1))
      sum = step(thirty_two<Bits>(row + b, lower, 4, lower + 2 * (Bits - 1) + 16 <= end), b, sum);
    if (b < bytes) sum = step(thirty_two<Bits>(row + b, lower, bytes - b, false), b, sum);
    return sum;
  }

  const Codes& codes_;
  int32_t sum_;
  const std::byte* query_;
};

// One row at a time is a row of int8 first, behind the panel.
size_t panel_bytes(uint32_t dim, uint32_t n) { return shorts_panel_bytes(dim, n) + padded(dim); }

template <uint32_t Bits>
void load(Panel& panel, std::byte* memory) {
  const uint32_t dim = panel.codes->dim;
  const std::byte* row = panel.codes->rows;
  std::byte* bytes = memory + shorts_panel_bytes(dim, panel.n);
  shorts_begin(panel, memory);
  for (uint32_t r = 0; r < panel.n; ++r, row += panel.codes->row_bytes) {
    expand_planes<Bits>(*panel.codes, row, bytes);
    widen_row(bytes, dim, memory + r * panel.stride);
  }
}

template <uint32_t Bits>
constexpr Tile kTile = {.least_queries = 16,
                        .group_bytes = shorts_group_bytes,
                        .pack = shorts_pack<kDigits<Bits>>,
                        .panel_bytes = panel_bytes,
                        .load = load<Bits>,
                        .dense = shorts_dense,
                        .fused = nullptr};

template <uint32_t Bits>
constexpr Kernels kTable = {.query_bytes = kOdd<Bits> ? i8_query_bytes : shorts_query_bytes,
                            .prepare = kOdd<Bits> ? i8_prepare : shorts_prepare,
                            .block = block<Dot<Bits>>,
                            .gather = gather<Dot<Bits>>,
                            .encode = nullptr,
                            .tile = &kTile<Bits>,
                            .encode_planes = encode_planes<Bits>};

}  // namespace

constinit const Kernels b2 = kTable<2>;
constinit const Kernels b3 = kTable<3>;
constinit const Kernels b4 = kTable<4>;
constinit const Kernels b5 = kTable<5>;
constinit const Kernels b6 = kTable<6>;
constinit const Kernels b7 = kTable<7>;
constinit const Kernels b8 = kTable<8>;

}  // namespace lilliput::avx2
