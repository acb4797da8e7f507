// Rows of bits. One query: its elements are split into four bit planes (two's complement, so the planes weigh
// 1, 2, 4 and -8), a plane into the low and high half of each byte, and a table lookup counts and weighs the
// bits that a row shares with each half. A byte then holds what eight dimensions add: within -64 and 56,
// whatever the order. Tiles: rows are spread to bytes of zero and one for all queries.
#define LILLIPUT_TARGET avx2
#include "kernels/avx2.h"

#include "kernels/bits/signs.h"
#include "kernels/exact.h"
#include "kernels/rows.h"
#include "kernels/tables.h"
#include "kernels/tile_avx2.h"

namespace lilliput::avx2 {
namespace {

constexpr int kPlanes = 4;
constexpr size_t kRowStep = 32;                        // bytes of a row
constexpr size_t kPlaneStep = kRowStep * 2 * kPlanes;  // bytes of the query beside them

size_t query_bytes(const Codes& of) {
  return kQueryHead + (bit_bytes(of.dim) + kRowStep - 1) / kRowStep * kPlaneStep;
}

void prepare(const Codes& of, const float* query, float bias, std::byte* out) {
  const uint32_t dim = of.dim;
  __builtin_memset(out, 0, query_bytes(of));
  const Grid grid(query, dim, kBitLevels);
  int32_t sum = 0;
  for (uint32_t i = 0; i < dim; i += 8) {
    int8_t codes[8];
    round_eight(query, dim, i, grid.inverse, codes);
    sum += sum_of(codes, 8);
    const size_t byte = i / 8;
    std::byte* step = out + kQueryHead + byte / kRowStep * kPlaneStep + byte % kRowStep;
    for (int plane = 0; plane < kPlanes; ++plane) {
      uint32_t set = 0;
      for (int b = 0; b < 8; ++b) set |= (static_cast<uint32_t>(codes[b]) >> plane & 1) << b;
      step[size_t(2 * plane) * kRowStep] = static_cast<std::byte>(set & 15);
      step[size_t(2 * plane + 1) * kRowStep] = static_cast<std::byte>(set >> 4);
    }
  }
  write_head(out, grid.step, bias, sum);
}

class Dot {
 public:
  Dot(const Codes& codes, const std::byte* query)
      : bytes_(bit_bytes(codes.dim)), sum_(head(query).sum), planes_(query + kQueryHead) {
    const __m128i count = _mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    weigh_[0] = _mm256_broadcastsi128_si256(count);
    weigh_[1] = _mm256_add_epi8(weigh_[0], weigh_[0]);
    weigh_[2] = _mm256_add_epi8(weigh_[1], weigh_[1]);
    weigh_[3] = _mm256_sub_epi8(_mm256_setzero_si256(), _mm256_add_epi8(weigh_[2], weigh_[2]));
  }

  float one(const std::byte* row) const {
    const __m256i zero = _mm256_setzero_si256();
    const __m128i parts = sum_four(set(row), zero, zero, zero);
    return static_cast<float>(2 * _mm_cvtsi128_si32(parts) - sum_);
  }

  void four(const std::byte* const (&rows)[4], float* out) const {
    const __m128i total = sum_four(set(rows[0]), set(rows[1]), set(rows[2]), set(rows[3]));
    const __m128i dot = _mm_sub_epi32(_mm_add_epi32(total, total), _mm_set1_epi32(sum_));
    _mm_storeu_ps(out, _mm_cvtepi32_ps(dot));
  }

 private:
  // What the set bits of 32 bytes add, as eight int32.
  __m256i step(__m256i x, const std::byte* planes) const {
    const __m256i half = _mm256_set1_epi8(15);
    const __m256i low = _mm256_and_si256(x, half), high = _mm256_and_si256(_mm256_srli_epi16(x, 4), half);
    __m256i added = _mm256_setzero_si256();
    for (int plane = 0; plane < kPlanes; ++plane, planes += 2 * kRowStep) {
      const __m256i in_low = _mm256_and_si256(low, load_bytes(planes));
      const __m256i in_high = _mm256_and_si256(high, load_bytes(planes + kRowStep));
      added = _mm256_add_epi8(added, _mm256_add_epi8(_mm256_shuffle_epi8(weigh_[plane], in_low),
                                                     _mm256_shuffle_epi8(weigh_[plane], in_high)));
    }
    return _mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_set1_epi8(1), added), _mm256_set1_epi16(1));
  }

  __m256i set(const std::byte* row) const {
    __m256i sum = _mm256_setzero_si256();
    const std::byte* planes = planes_;
    size_t i = 0;
    for (; i + kRowStep <= bytes_; i += kRowStep, planes += kPlaneStep)
      sum = _mm256_add_epi32(sum, step(load_bytes(row + i), planes));
    if (i < bytes_)
      sum = _mm256_add_epi32(sum, step(load_tail(row, i, static_cast<uint32_t>(bytes_ - i)), planes));
    return sum;
  }

  size_t bytes_;
  int32_t sum_;
  const std::byte* planes_;
  __m256i weigh_[kPlanes];
};

void encode(uint32_t dim, uint64_t n, const float* x, std::byte* rows, float* alpha, float* beta) {
  sign_factors(dim, n, x, alpha, beta);
  const __m256 zero = _mm256_setzero_ps();
  for (uint64_t i = 0; i < n; ++i, x += dim) {
    uint32_t j = 0;
    for (; j + 8 <= dim; j += 8)
      *rows++ =
          static_cast<std::byte>(_mm256_movemask_ps(_mm256_cmp_ps(load_floats(x + j), zero, _CMP_GT_OQ)));
    if (j == dim) continue;
    const __m256i last = load_tail(reinterpret_cast<const std::byte*>(x), size_t{j} * 4, (dim - j) * 4);
    *rows++ = static_cast<std::byte>(
        _mm256_movemask_ps(_mm256_cmp_ps(_mm256_castsi256_ps(last), zero, _CMP_GT_OQ)));
  }
}

uint32_t steps(uint32_t dim) { return (dim + 3) / 4; }

size_t tile_group_bytes(uint32_t dim) { return group_bytes(steps(dim)); }

void pack(uint32_t dim, const float* queries, const float* bias, uint32_t n, std::byte* group) {
  __builtin_memset(group, 0, tile_group_bytes(dim));
  Group& g = *reinterpret_cast<Group*>(group);
  for (uint32_t q = 0; q < n; ++q) {
    const float* query = queries + size_t{q} * dim;
    const Grid grid(query, dim, kBitLevels);
    g.scale[q] = grid.step;
    g.bias[q] = bias[q];
    for (uint32_t i = 0; i < dim; i += 4) {
      int8_t codes[4] = {};
      round_each(query + i, dim - i < 4 ? dim - i : 4, grid.inverse, codes);
      g.sum[q] += sum_of(codes, 4);
      __builtin_memcpy(step_of(group, steps(dim), q, i / 4), codes, sizeof codes);
    }
  }
}

size_t row_stride(uint32_t dim) { return padded(bit_bytes(dim) * 8); }

size_t panel_bytes(uint32_t dim, uint32_t n) { return row_stride(dim) * n; }

// 32 bits to 32 bytes of zero or one.
inline __m256i spread(int32_t word) {
  const __m256i place = _mm256_set1_epi64x(static_cast<int64_t>(0x8040201008040201u));
  const __m256i owner = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
  const __m256i placed = _mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi32(word), owner), place);
  return _mm256_and_si256(_mm256_cmpeq_epi8(placed, place), _mm256_set1_epi8(1));
}

inline void spread_row(const std::byte* row, size_t bytes, std::byte* out) {
  size_t i = 0;
  int32_t word = 0;
  for (; i + 4 <= bytes; i += 4, out += 32) {
    __builtin_memcpy(&word, row + i, 4);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), spread(word));
  }
  if (i == bytes) return;
  word = 0;
  __builtin_memcpy(&word, row + i, bytes - i);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), spread(word));
}

void load(Panel& panel, std::byte* memory) {
  const size_t bytes = bit_bytes(panel.codes->dim);
  panel.rows = memory;
  panel.stride = row_stride(panel.codes->dim);
  panel.norm = nullptr;
  panel.slack = 0.0f;
  for (uint32_t r = 0; r < panel.n; ++r)
    spread_row(panel.codes->rows + size_t{r} * panel.codes->row_bytes, bytes, memory + r * panel.stride);
}

void dense(const Panel& panel, const std::byte* group, uint32_t n_queries, float* out) {
  tile_dense<MultiplyBits>(panel, group, steps(panel.codes->dim), n_queries, out);
}

constexpr Tile kTile = {
    .least_queries = 10,
    .group_bytes = tile_group_bytes,
    .pack = pack,
    .panel_bytes = panel_bytes,
    .load = load,
    .dense = dense,
    .fused = nullptr,
};

}  // namespace

constinit const Kernels bits = {
    .query_bytes = query_bytes,
    .prepare = prepare,
    .block = block<Dot>,
    .gather = gather<Dot>,
    .encode = encode,
    .tile = &kTile,
};

}  // namespace lilliput::avx2
