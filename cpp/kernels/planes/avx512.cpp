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

template <uint32_t Bits>
LaneScore<Lanes<Bits>> score(const Codes& codes, const std::byte* query) {
  const Prepared prepared(query);
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
constexpr Tile kTile = {4,          vnni_group_bytes, vnni_pack<127>, expanded_panel_bytes,
                        load<Bits>, vnni_dense,       vnni_fused};

constexpr Sieve kGate = {gate_bytes, gate_prepare, gate_set_for, gate_make_set, gate_sift, 2, gate_bounds};

template <uint32_t Bits>
constexpr Kernels kTable = {.query_bytes = i8_query_bytes,
                            .prepare = i8_prepare,
                            .block = block<Bits>,
                            .gather = gather<Bits>,
                            .encode = nullptr,
                            .tile = &kTile<Bits>,
                            .sieve = &kGate,
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
