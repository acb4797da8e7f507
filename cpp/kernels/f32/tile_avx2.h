// Float queries of a tile, for rows that are floats or have been widened to floats.
#pragma once

#include "kernels/tile_avx2.h"

namespace lilliput::avx2 {
namespace {

inline size_t float_group_bytes(uint32_t dim) { return group_bytes(dim); }

inline void float_pack(uint32_t dim, const float* queries, const float* bias, uint32_t n, std::byte* group) {
  __builtin_memset(group, 0, group_bytes(dim));
  Group& g = *reinterpret_cast<Group*>(group);
  for (uint32_t q = 0; q < n; ++q) {
    g.scale[q] = 1.0f;
    g.bias[q] = bias[q];
    for (uint32_t i = 0; i < dim; ++i)
      __builtin_memcpy(step_of(group, dim, q, i), queries + size_t{q} * dim + i, sizeof(float));
  }
}

inline void float_dense(const Panel& panel, const std::byte* group, uint32_t n_queries, float* out) {
  tile_dense<MultiplyFloats>(panel, group, panel.codes->dim, n_queries, out);
}

}  // namespace
}  // namespace lilliput::avx2
