// The dot product of float rows in 16 lanes, for machines without more to offer.
#pragma once

#include "kernels/exact.h"
#include "kernels/rows.h"

namespace lilliput::LILLIPUT_TARGET {
namespace {

// Row turns `count` elements into floats.
template <class Row>
class PlainDot {
 public:
  PlainDot(const Codes& codes, const std::byte* query)
      : dim_(codes.dim), query_(reinterpret_cast<const float*>(query + kQueryHead)) {}

  float one(const std::byte* row) const {
    Vector sum[kParts] = {};
    uint32_t i = 0;
    for (; i + kLanes <= dim_; i += kLanes) add(row + size_t{i} * Row::kBytes, kLanes, query_ + i, sum);
    if (i < dim_) add(row + size_t{i} * Row::kBytes, dim_ - i, query_ + i, sum);
    float lane[kLanes], total = 0.0f;
    __builtin_memcpy(lane, sum, sizeof lane);
    for (float value : lane) total += value;
    return total;
  }

  void four(const std::byte* const (&rows)[4], float* out) const {
    for (int r = 0; r < 4; ++r) out[r] = one(rows[r]);
  }

 private:
  static void add(const std::byte* row, uint32_t count, const float* query, Vector (&sum)[kParts]) {
    float x[kLanes] = {};
    Row::load(row, count, x);
    for (int p = 0; p < kParts; ++p) {
      Vector v, q;
      __builtin_memcpy(&v, x + p * kWidth, sizeof v);
      __builtin_memcpy(&q, query + p * kWidth, sizeof q);
      sum[p] += v * q;
    }
  }

  uint32_t dim_;
  const float* query_;
};

template <class Row>
constexpr Kernels float_kernels(decltype(Kernels::encode) encode) {
  return {
      .query_bytes = float_query_bytes,
      .prepare = float_prepare,
      .block = block<PlainDot<Row>>,
      .gather = gather<PlainDot<Row>>,
      .encode = encode,
      .tile = nullptr,
  };
}

}  // namespace
}  // namespace lilliput::LILLIPUT_TARGET
