// Sign bits against a 4-bit query, plane by plane, with VPOPCNTDQ.
#include "kernels/bits/expand512.h"
#include "kernels/i8/vnni_tile.h"
#include "kernels/rows512.h"
#include "kernels/tables.h"

namespace lilliput::avx512 {
namespace {

constexpr int kLevels = 7;
constexpr uint32_t kPlanes = 4;  // two's complement: the last plane weighs -8

size_t plane_bytes(uint32_t dim) { return (size_t{dim} + 511) / 512 * 64; }
size_t query_bytes(uint32_t dim) { return kQueryHead + kPlanes * plane_bytes(dim); }

// The planes of each 512 dimensions lie together.
void prepare(uint32_t dim, const float* query, float bias, std::byte* out) {
  __builtin_memset(out, 0, query_bytes(dim));
  int32_t sum = 0;
  const float m = max_abs(query, dim), inverse = kLevels / m;
  const bool flat = m == 0.0f || inverse == __builtin_inff();
  uint8_t* planes = reinterpret_cast<uint8_t*>(out + kQueryHead);
  for (uint32_t i = 0; i < dim; ++i) {
    const int32_t q = flat ? 0 : _mm_cvtss_si32(_mm_set_ss(query[i] * inverse));
    sum += q;
    uint8_t* at = planes + size_t{i / 512} * 64 * kPlanes + i % 512 / 8;
    for (uint32_t p = 0; p < kPlanes; ++p) at[64 * p] |= static_cast<uint8_t>(((q >> p) & 1) << (i % 8));
  }
  *reinterpret_cast<QueryHead*>(out) = {flat ? 0.0f : m / kLevels, bias, sum};
}

inline __m512i weighted(__m512i bits, const std::byte* planes) {
  const auto count = [&](int p) {
    return _mm512_popcnt_epi64(_mm512_and_si512(bits, _mm512_loadu_si512(planes + 64 * p)));
  };
  const __m512i low = _mm512_add_epi64(count(0), _mm512_slli_epi64(count(1), 1));
  const __m512i high = _mm512_sub_epi64(count(2), _mm512_slli_epi64(count(3), 1));
  return _mm512_add_epi64(low, _mm512_slli_epi64(high, 2));
}

struct Score {
  const Codes& codes;
  Prepared query;

  float operator()(const std::byte* row, uint64_t i) const {
    const std::byte* planes = query.body;
    __m512i sum = _mm512_setzero_si512();
    uint32_t b = 0;
    for (; b + 64 <= codes.row_bytes; b += 64, planes += 64 * kPlanes)
      sum = _mm512_add_epi64(sum, weighted(_mm512_loadu_si512(row + b), planes));
    if (b < codes.row_bytes) {
      const __mmask64 mask = (uint64_t{1} << (codes.row_bytes - b)) - 1;
      sum = _mm512_add_epi64(sum, weighted(_mm512_maskz_loadu_epi8(mask, row + b), planes));
    }
    const int32_t dot = 2 * static_cast<int32_t>(_mm512_reduce_add_epi64(sum)) - query.head.sum;
    return integer_score(dot, query.head.scale, codes.alpha, codes.beta, static_cast<uint32_t>(i), query.head.bias);
  }
};

void block(const Codes& codes, uint64_t first, uint32_t n, const std::byte* query, float* scores) {
  block_rows(codes, first, n, Score{codes, Prepared(query)}, scores);
}

void gather(const Codes& codes, const uint32_t* rows, uint32_t n, const std::byte* query, float* scores) {
  gather_rows(codes, rows, n, Score{codes, Prepared(query)}, scores);
}

void encode(uint32_t dim, uint64_t n, const float* x, std::byte* rows, float*, float*) {
  for (uint64_t r = 0; r < n; ++r) {
    std::byte* row = rows + r * ((dim + 7) / 8);
    for (uint32_t i = 0; i < dim; i += 16) {
      const __m512 v = _mm512_maskz_loadu_ps(first_lanes(dim - i), x + r * dim + i);
      const uint16_t signs = _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_GT_OQ);
      __builtin_memcpy(row + i / 8, &signs, dim - i > 8 ? 2 : 1);
    }
  }
}

size_t panel_stride(uint32_t dim) { return (size_t{dim} + 63) / 64 * 64; }
size_t panel_bytes(uint32_t dim, uint32_t n) { return n * (panel_stride(dim) + sizeof(float)); }

void load(Panel& panel, std::byte* memory) {
  panel.stride = panel_stride(panel.codes->dim);
  panel.rows = memory;
  expand_bits(*panel.codes, panel.n, panel.stride, memory);
  vnni_sum(panel, reinterpret_cast<float*>(memory + panel.n * panel.stride));
}

constexpr Tile tile = {4, vnni_group_bytes, vnni_pack<kLevels>, panel_bytes, load, vnni_dense, vnni_fused};

}  // namespace

constinit const Kernels bits = {query_bytes, prepare, block, gather, encode, &tile};

}  // namespace lilliput::avx512
