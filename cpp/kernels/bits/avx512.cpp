// Sign bits against a 4-bit query: rows that lie together by tables of what four bits add up to, sixteen rows
// at a time; other rows plane by plane, with VPOPCNTDQ.
#define LILLIPUT_TARGET avx512
#include "kernels/bits/expand512.h"
#include "kernels/bits/factors.h"
#include "kernels/half_bytes512.h"
#include "kernels/i8/vnni_tile.h"
#include "kernels/lanes512.h"
#include "kernels/tables.h"

namespace lilliput::avx512 {
namespace {

constexpr int kLevels = 7;
constexpr uint32_t kPlanes = 4;  // two's complement: the last plane weighs -8

size_t plane_bytes(uint32_t dim) { return (size_t{dim} + 511) / 512 * 64; }
size_t query_bytes(const Codes& of) {
  return kQueryHead + kPlanes * plane_bytes(of.dim) + half_byte_tables(of.row_bytes);
}

const std::byte* tables(const Codes& of, const std::byte* query) {
  return query + kQueryHead + kPlanes * plane_bytes(of.dim);
}

// What keeps a table's entries from being negative.
constexpr int kOffset = 4 * kLevels;

// The entries of four numbers: for every pattern of bits, what those with a bit add up to.
void write_entries(const int8_t* four, std::byte* out) {
  __m128i entries = _mm_set1_epi8(kOffset);
  const __m128i pattern = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  for (int b = 0; b < 4; ++b)
    entries =
        _mm_mask_add_epi8(entries, _mm_test_epi8_mask(pattern, _mm_set1_epi8(static_cast<char>(1 << b))),
                          entries, _mm_set1_epi8(four[b]));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), entries);
}

// The planes of each 512 dimensions lie together; the tables follow.
void prepare(const Codes& of, const float* query, float bias, std::byte* out) {
  const uint32_t dim = of.dim;
  __builtin_memset(out, 0, query_bytes(of));
  const float m = largest(query, dim), inverse = kLevels / m;
  const bool flat = m == 0.0f || inverse == __builtin_inff();
  std::byte* planes = out + kQueryHead;
  std::byte* entries = out + (tables(of, out) - out);
  const __m512 scale = _mm512_set1_ps(flat ? 0.0f : inverse);
  __m512i sums = _mm512_setzero_si512();
  for (uint32_t i = 0; i < dim; i += kSixteen) {
    const uint32_t there = dim - i < kSixteen ? dim - i : kSixteen;
    const __m512 x = _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << there) - 1), query + i);
    const __m512i q = _mm512_cvtps_epi32(_mm512_mul_ps(x, scale));
    sums = _mm512_add_epi32(sums, q);
    std::byte* at = planes + size_t{i / 512} * 64 * kPlanes + i % 512 / 8;
    for (uint32_t p = 0; p < kPlanes; ++p) {
      const __mmask16 bits = _mm512_test_epi32_mask(q, _mm512_set1_epi32(1 << p));
      __builtin_memcpy(at + 64 * p, &bits, sizeof bits);
    }
    int8_t numbers[kSixteen];
    _mm_storeu_si128(reinterpret_cast<__m128i*>(numbers), _mm512_cvtepi32_epi8(q));
    for (uint32_t j = 0; j < (there + 7) / 8 * 8; j += 4)
      write_entries(numbers + j, entries + half_byte_table((i + j) / 4));
  }
  const int32_t sum = _mm512_reduce_add_epi32(sums);
  *reinterpret_cast<QueryHead*>(out) = {flat ? 0.0f : m / kLevels, bias, sum};
}

// Adds to the low half of each lane its bits' weighted counts. A count of 64 fits a byte, so that one byte
// product weighs it and adds it.
inline __m512i add_counts(__m512i sum, __m512i bits, const std::byte* planes) {
  for (uint32_t p = 0; p < kPlanes; ++p) {
    const __m512i count = _mm512_popcnt_epi64(_mm512_and_si512(bits, _mm512_loadu_si512(planes + 64 * p)));
    sum = _mm512_dpbusd_epi32(sum, count, _mm512_set1_epi64(p == 3 ? 0xf8 : 1 << p));
  }
  return sum;
}

// The weighted counts of a row.
inline __m512i count_row(const std::byte* row, uint32_t width, const std::byte* planes) {
  __m512i sum = _mm512_setzero_si512();
  uint32_t b = 0;
  for (; b + 64 <= width; b += 64, planes += 64 * kPlanes)
    sum = add_counts(sum, _mm512_loadu_si512(row + b), planes);
  if (b == width) return sum;
  const __mmask64 mask = (uint64_t{1} << (width - b)) - 1;
  return add_counts(sum, _mm512_maskz_loadu_epi8(mask, row + b), planes);
}

struct Score {
  const Codes& codes;
  Prepared query;

  float operator()(const std::byte* row, uint64_t i) const {
    const __m512i counts = count_row(row, codes.row_bytes, query.body);
    const int32_t dot = 2 * _mm512_reduce_add_epi32(counts) - query.head.sum;
    return integer_score(dot, QueryFactors(query.head), codes, i);
  }
};

// Calls visit(i, scores of rows first + i to first + i + 15) as long as there are sixteen; gives how many
// rows that were.
template <class Visit>
uint32_t each_sixteen(const Codes& codes, uint64_t first, uint32_t n, const std::byte* query,
                      const Visit& visit) {
  const QueryHead head = Prepared(query).head;
  const HalfByteSums sums(tables(codes, query), codes.row_bytes);
  const __m512i taken = _mm512_set1_epi32(4 * static_cast<int32_t>(codes.row_bytes) * kOffset + head.sum);
  return sums.each(codes.rows + first * codes.row_bytes, n, [&](uint32_t i, __m512i sum) {
    const __m512i dots = _mm512_sub_epi32(_mm512_add_epi32(sum, sum), taken);
    visit(i, score_each(codes, first + i, head, dots));
  });
}

void block(const Codes& codes, uint64_t first, uint32_t n, const std::byte* query, float* scores) {
  const uint32_t i = each_sixteen(
      codes, first, n, query, [&](uint32_t at, __m512 sixteen) { _mm512_storeu_ps(scores + at, sixteen); });
  block_rows(codes, first + i, n - i, Score{codes, Prepared(query)}, scores + i);
}

void gather(const Codes& codes, const uint32_t* rows, uint32_t n, const std::byte* query, float* scores) {
  gather_rows(codes, rows, n, Score{codes, Prepared(query)}, scores);
}

void encode(uint32_t dim, uint64_t n, const float* x, std::byte* rows, float* alpha, float* beta) {
  sign_factors(dim, n, x, alpha, beta);
  for (uint64_t r = 0; r < n; ++r) {
    std::byte* row = rows + r * ((dim + 7) / 8);
    uint32_t i = 0;
    for (; i + 64 <= dim; i += 64) {
      const float* from = x + r * dim + i;
      const auto signs = [&](int sixteen) {
        return uint64_t{
            _mm512_cmp_ps_mask(_mm512_loadu_ps(from + 16 * sixteen), _mm512_setzero_ps(), _CMP_GT_OQ)};
      };
      const uint64_t all = signs(0) | signs(1) << 16 | signs(2) << 32 | signs(3) << 48;
      __builtin_memcpy(row + i / 8, &all, 8);
    }
    for (; i < dim; i += 16) {
      const __m512 v = _mm512_maskz_loadu_ps(first_lanes(dim - i), x + r * dim + i);
      const uint16_t signs = _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_GT_OQ);
      __builtin_memcpy(row + i / 8, &signs, dim - i > 8 ? 2 : 1);
    }
  }
}

void load(Panel& panel, std::byte* memory) {
  expanded_begin(panel, memory);
  expand_bits(*panel.codes, panel.n, panel.stride, memory);
  vnni_sum(panel, reinterpret_cast<float*>(memory + panel.n * panel.stride));
}

// A sieve whose sums are the scores themselves: rows that do not reach the threshold are dropped where they
// are scored. It keeps nothing but the query.
size_t sieve_bytes(const Codes&) { return sizeof(const std::byte*); }
void sieve_prepare(const Codes&, const std::byte* query, std::byte* out) {
  __builtin_memcpy(out, &query, sizeof query);
}
uint32_t sieve_set_for(const Codes&, const std::byte*, float) { return 0; }
void sieve_make_set(const Codes&, const std::byte*, uint32_t, std::byte*) {}

uint32_t sift(const Codes& codes, uint64_t first, uint32_t n, const std::byte* sieve, uint32_t,
              float threshold, uint32_t* rows) {
  const std::byte* query;
  __builtin_memcpy(&query, sieve, sizeof query);
  const __m512 least = _mm512_set1_ps(threshold);
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  uint32_t count = 0;
  uint32_t i = each_sixteen(codes, first, n, query, [&](uint32_t at, __m512 sixteen) {
    const __mmask16 reach = _mm512_cmp_ps_mask(sixteen, least, _CMP_GE_OQ);
    if (!reach) [[likely]]
      return;
    const __m512i numbers = _mm512_add_epi32(lane, _mm512_set1_epi32(static_cast<int32_t>(first + at)));
    _mm512_mask_compressstoreu_epi32(rows + count, reach, numbers);
    count += static_cast<uint32_t>(__builtin_popcount(reach));
  });
  for (; i < n; ++i) rows[count++] = static_cast<uint32_t>(first + i);
  return count;
}

constexpr Sieve sieve = {sieve_bytes, sieve_prepare, sieve_set_for, sieve_make_set, sift};

constexpr Tile tile = {16,   vnni_group_bytes, vnni_pack<kLevels>, expanded_panel_bytes,
                       load, vnni_dense,       vnni_fused};

}  // namespace

constinit const Kernels bits = {query_bytes, prepare, block, gather, encode, &tile, &sieve};

}  // namespace lilliput::avx512
