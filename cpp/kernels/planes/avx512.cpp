// Planes with AVX-512 VNNI, whose unsigned side are the numbers.
#define LILLIPUT_TARGET avx512
#include "kernels/i8/query512.h"
#include "kernels/i8/vnni_tile.h"
#include "kernels/lanes512.h"
#include "kernels/planes/expand512.h"
#include "kernels/planes/gate512.h"
#include "kernels/planes/planes.h"
#include "kernels/tables.h"

namespace lilliput::avx512 {
namespace {

template <uint32_t Bits>
struct Lanes {
  const Codes& codes;
  const std::byte* query;

  __m512i operator()(const std::byte* row) const {
    __m512i sum = _mm512_setzero_si512();
    each_sixty_four<Bits>(codes, row, [&](uint32_t step, __m512i u) {
      sum = _mm512_dpbusd_epi32(sum, u, _mm512_loadu_si512(query + 64 * size_t{step}));
    });
    return sum;
  }
};

// By queries of two digits.
template <>
struct Lanes<8> {
  const Codes& codes;
  const std::byte* query;
  size_t apart = whole_lines(codes.dim);
  uint32_t low_bits = lilliput::low_bits(codes.dim);

  __m512i operator()(const std::byte* row) const {
    const std::byte* lower = query + apart;
    __m512i high = _mm512_setzero_si512(), low = _mm512_loadu_si512(lower + apart);
    each_sixty_four<8>(codes, row, [&](uint32_t step, __m512i u) {
      high = _mm512_dpbusd_epi32(high, u, _mm512_loadu_si512(query + 64 * size_t{step}));
      low = _mm512_dpbusd_epi32(low, u, _mm512_loadu_si512(lower + 64 * size_t{step}));
    });
    return _mm512_add_epi32(shifted(high, low_bits), low);
  }
};

template <uint32_t Bits>
LaneScore<Lanes<Bits>> score(const Codes& codes, const std::byte* query) {
  const Prepared prepared(query);
  if constexpr (!kOdd<Bits>) return {codes, prepared.head, {codes, prepared.body}, 1, 0};
  return {codes, prepared.head, {codes, prepared.body}, kSpacing<Bits>, kTaken<Bits> * prepared.head.sum};
}

template <uint32_t Bits>
void block(const Codes& codes, uint64_t first, uint32_t n, const std::byte* query, float* scores) {
  block_lanes(first, n, score<Bits>(codes, query), scores);
}

template <uint32_t Bits>
void gather(const Codes& codes, const uint32_t* rows, uint32_t n, const std::byte* query, float* scores) {
  gather_lanes(rows, n, score<Bits>(codes, query), scores);
}

template <uint32_t Bits>
void load(Panel& panel, std::byte* memory) {
  expanded_begin(panel, memory);
  expand_rows<Bits>(*panel.codes, panel.n, panel.stride, memory);
  vnni_sum(panel, reinterpret_cast<float*>(memory + panel.n * panel.stride));
}

template <uint32_t Bits>
constexpr Tile kTile = {.least_queries = 4,
                        .group_bytes = vnni_group_bytes<kDigits<Bits>>,
                        .pack = vnni_pack<127, kDigits<Bits>>,
                        .panel_bytes = expanded_panel_bytes,
                        .load = load<Bits>,
                        .dense = vnni_dense<kDigits<Bits>>,
                        .fused = vnni_fused<kDigits<Bits>>};

template <uint32_t Bits>
constexpr Sieve kGate = {gate_bytes, gate_prepare, gate_set_for, gate_make_set<kDigits<Bits>>, gate_sift,
                         2,          gate_bounds};

template <uint32_t Bits>
constexpr Kernels kTable = {.query_bytes = kOdd<Bits> ? i8_query_bytes : digits_query_bytes,
                            .prepare = kOdd<Bits> ? i8_prepare : digits_prepare,
                            .block = block<Bits>,
                            .gather = gather<Bits>,
                            .encode = nullptr,
                            .tile = &kTile<Bits>,
                            .sieve = &kGate<Bits>,
                            .encode_planes = encode_planes<Bits>};

}  // namespace

constinit const Kernels b2 = kTable<2>;
constinit const Kernels b3 = kTable<3>;
constinit const Kernels b4 = kTable<4>;
constinit const Kernels b5 = kTable<5>;
constinit const Kernels b6 = kTable<6>;
constinit const Kernels b7 = kTable<7>;
constinit const Kernels b8 = kTable<8>;

}  // namespace lilliput::avx512
