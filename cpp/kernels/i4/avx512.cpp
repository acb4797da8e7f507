// int4 rows with AVX-512 VNNI, whose unsigned side are the nibbles.
#define LILLIPUT_TARGET avx512
#include "kernels/i4/expand512.h"
#include "kernels/i8/vnni_tile.h"
#include "kernels/lanes512.h"
#include "kernels/tables.h"

namespace lilliput::avx512 {
namespace {

struct Lanes {
  uint32_t row_bytes;
  const std::byte* query;

  __m512i operator()(const std::byte* row) const {
    const std::byte* q = query;
    __m512i low = _mm512_setzero_si512(), high = _mm512_setzero_si512();
    uint32_t b = 0;
    for (; b + kHalf <= row_bytes; b += kHalf, q += kRun) add(_mm512_loadu_si512(row + b), q, low, high);
    if (b < row_bytes)
      add(_mm512_maskz_loadu_epi8((uint64_t{1} << (row_bytes - b)) - 1, row + b), q, low, high);
    return _mm512_add_epi32(low, high);
  }

  static void add(__m512i x, const std::byte* q, __m512i& low, __m512i& high) {
    const __m512i nibble = _mm512_set1_epi8(15);
    low = _mm512_dpbusd_epi32(low, _mm512_and_si512(x, nibble), _mm512_loadu_si512(q));
    high = _mm512_dpbusd_epi32(high, _mm512_and_si512(_mm512_srli_epi16(x, 4), nibble),
                               _mm512_loadu_si512(q + kHalf));
  }
};

LaneScore<Lanes> score(const Codes& codes, const std::byte* query) {
  const Prepared prepared(query);
  return {codes, prepared.head, {codes.row_bytes, prepared.body}, 1, 8 * prepared.head.sum};
}

void block(const Codes& codes, uint64_t first, uint32_t n, const std::byte* query, float* scores) {
  block_lanes(first, n, score(codes, query), scores);
}

void gather(const Codes& codes, const uint32_t* rows, uint32_t n, const std::byte* query, float* scores) {
  gather_lanes(rows, n, score(codes, query), scores);
}

void load(Panel& panel, std::byte* memory) {
  expanded_begin(panel, memory);
  expand_rows(*panel.codes, panel.n, panel.stride, memory);
  vnni_sum(panel, reinterpret_cast<float*>(memory + panel.n * panel.stride));
}

constexpr Tile tile = {4,    vnni_group_bytes, vnni_pack<127>, expanded_panel_bytes,
                       load, vnni_dense,       vnni_fused};

}  // namespace

constinit const Kernels i4 = {i4_query_bytes, i4_prepare, block, gather, encode_i4, &tile};

}  // namespace lilliput::avx512
