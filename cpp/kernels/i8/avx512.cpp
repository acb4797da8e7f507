// Signed bytes with a scale a row, with AVX-512 VNNI.
#define LILLIPUT_TARGET avx512
#include "kernels/exact.h"
#include "kernels/i8/query512.h"
#include "kernels/i8/vnni_tile.h"
#include "kernels/lanes512.h"
#include "kernels/tables.h"

namespace lilliput::avx512 {
namespace {

// Rows plus 128 are the unsigned side; 128 times the query's sum is taken off again.
struct Lanes {
  uint32_t dim;
  const std::byte* query;

  __m512i operator()(const std::byte* row) const {
    const __m512i flip = _mm512_set1_epi8(static_cast<char>(0x80));
    const std::byte* q = query;
    __m512i even = _mm512_setzero_si512(), odd = _mm512_setzero_si512();
    uint32_t d = 0;
    for (; d + 128 <= dim; d += 128) {
      even = _mm512_dpbusd_epi32(even, _mm512_xor_si512(_mm512_loadu_si512(row + d), flip),
                                 _mm512_loadu_si512(q + d));
      odd = _mm512_dpbusd_epi32(odd, _mm512_xor_si512(_mm512_loadu_si512(row + d + 64), flip),
                                _mm512_loadu_si512(q + d + 64));
    }
    for (; d < dim; d += 64) {  // the query is zero past its end, so what the mask leaves there adds nothing
      const uint32_t left = dim - d;
      const __mmask64 mask = left < 64 ? (uint64_t{1} << left) - 1 : ~uint64_t{0};
      const __m512i x = _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, row + d), flip);
      even = _mm512_dpbusd_epi32(even, x, _mm512_loadu_si512(q + d));
    }
    return _mm512_add_epi32(even, odd);
  }
};

LaneScore<Lanes> score(const Codes& codes, const std::byte* query) {
  const Prepared prepared(query);
  return {codes, prepared.head, {codes.dim, prepared.body}, 1, 128 * prepared.head.sum};
}

void block(const Codes& codes, uint64_t first, uint32_t n, const std::byte* query, float* scores) {
  block_lanes(first, n, score(codes, query), scores);
}

void gather(const Codes& codes, const uint32_t* rows, uint32_t n, const std::byte* query, float* scores) {
  gather_rows(codes, rows, n, score(codes, query), scores);
}

constexpr Tile tile = {2,         vnni_group_bytes, vnni_pack<127>, vnni_panel_bytes,
                       vnni_load, vnni_dense,       vnni_fused};

}  // namespace

constinit const Kernels i8 = {i8_query_bytes, i8_prepare, block, gather, encode_i8, &tile};

}  // namespace lilliput::avx512
