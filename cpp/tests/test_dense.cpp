// Projection, normalisation and rotation: the same bits from every instruction set, and what they should be.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "check.h"
#include "fenced.h"
#include "lilliput/dense.h"
#include "lilliput/isa.h"
#include "random.h"

namespace lilliput::tests {
namespace {

constexpr Isa kIsas[] = {Isa::portable, Isa::avx2, Isa::avx512, Isa::amx, Isa::neon};

std::string shape(Isa isa, uint32_t dim, uint32_t other) {
  return std::string(name(isa)) + " " + std::to_string(dim) + " x " + std::to_string(other);
}

void fill(Fenced<float>& x, Random& random) {
  for (size_t i = 0; i < x.size(); ++i) x[i] = random.normal();
}

void check_projection(Isa isa, uint32_t dim, uint32_t out_dim, uint32_t n, Random& random) {
  Fenced<float> x(size_t{n} * dim), matrix(size_t{out_dim} * dim), offset(dim), y(size_t{n} * out_dim);
  fill(x, random);
  fill(matrix, random);
  fill(offset, random);
  const float* shift = dim % 3 ? offset.data() : nullptr;
  Fenced<float> packed(dense(isa)->packed_floats(dim, out_dim), 64);
  dense(isa)->pack(dim, out_dim, matrix.data(), packed.data());
  dense(isa)->project(dim, out_dim, n, x.data(), packed.data(), shift, y.data());
  for (uint32_t i = 0; i < n; ++i) {
    for (uint32_t j = 0; j < out_dim; ++j) {
      float sum = 0.0f;
      for (uint32_t k = 0; k < dim; ++k) {
        const float value = x[size_t{i} * dim + k];
        const float product = (shift ? value - shift[k] : value) * matrix[size_t{j} * dim + k];
        sum = sum + product;
      }
      CHECK(sum == y[size_t{i} * out_dim + j], shape(isa, dim, out_dim));
    }
  }
}

TEST(projections_are_bit_equal_to_a_plain_loop) {
  for (Isa isa : kIsas) {
    if (!usable(isa)) continue;
    Random random(3);
    for (uint32_t dim : {1u, 5u, 33u, 100u, 513u, 1100u})
      for (uint32_t out_dim : {1u, 7u, 16u, 33u, 65u})
        check_projection(isa, dim, out_dim, 1 + random.below(14), random);
  }
}

float plain_norm2(const float* x, uint32_t dim) {
  float lane[16] = {};
  for (uint32_t i = 0; i < dim; ++i) {
    const float square = x[i] * x[i];
    lane[i % 16] = lane[i % 16] + square;
  }
  for (int half = 8; half > 0; half /= 2)
    for (int j = 0; j < half; ++j) lane[j] += lane[j + half];
  return lane[0];
}

TEST(lines_are_bit_equal_to_those_of_the_baseline) {
  Random random(13);
  for (uint32_t dim = 1; dim < 70; ++dim) {
    const uint32_t n = 3, bits = 1 + dim % 8;
    Fenced<float> x(size_t{n} * dim), expected(size_t{n} * dim), actual(size_t{n} * dim);
    Fenced<float> alpha(2 * n), shift(2 * n), beta(2 * n);
    fill(x, random);
    std::memset(x.data(), 0, 4 * dim);
    dense(Isa::portable)
        ->lines(dim, n, bits, x.data(), expected.data(), alpha.data(), shift.data(), beta.data());
    for (Isa isa : kIsas) {
      if (!usable(isa)) continue;
      dense(isa)->lines(dim, n, bits, x.data(), actual.data(), alpha.data() + n, shift.data() + n,
                        beta.data() + n);
      CHECK(std::memcmp(expected.data(), actual.data(), 4 * x.size()) == 0, shape(isa, dim, bits));
      for (const Fenced<float>* each : {&alpha, &shift, &beta})
        CHECK(std::memcmp(&(*each)[0], &(*each)[n], 4 * n) == 0, shape(isa, dim, bits));
    }
  }
}

TEST(norms_are_bit_equal_to_a_plain_loop) {
  for (Isa isa : kIsas) {
    if (!usable(isa)) continue;
    Random random(5);
    for (uint32_t dim = 1; dim < 70; ++dim) {
      Fenced<float> x(3 * size_t{dim}), y(3 * size_t{dim}), norms(3);
      fill(x, random);
      std::memset(x.data(), 0, 4 * dim);
      dense(isa)->norm2(dim, 3, x.data(), norms.data());
      const float most = dense(isa)->place(dim, 3, x.data(), true, nullptr, y.data());
      CHECK(most == *std::max_element(norms.data(), norms.data() + 3), shape(isa, dim, 3));
      for (uint32_t i = 0; i < 3; ++i) {
        const float square = plain_norm2(x.data() + i * dim, dim);
        CHECK(square == norms[i], shape(isa, dim, i));
        const float factor = square > 0.0f ? 1.0f / std::sqrt(square) : 0.0f;
        for (uint32_t k = i * dim; k < (i + 1) * dim; ++k) CHECK(y[k] == x[k] * factor, shape(isa, dim, i));
      }
    }
  }
}

TEST(rotation_keeps_lengths_undoes_itself_and_is_the_same_everywhere) {
  Random random(9);
  for (uint32_t dim : {1u, 2u, 3u, 9u, 17u, 64u, 100u, 384u, 600u}) {
    Fenced<float> x(5 * size_t{dim}), plain(5 * size_t{dim}), y(5 * size_t{dim});
    Fenced<uint8_t> signs(4 * size_t{dim});
    fill(x, random);
    for (size_t i = 0; i < signs.size(); ++i) signs[i] = static_cast<uint8_t>(random.below(2));
    std::memcpy(plain.data(), x.data(), x.size() * 4);
    dense(Isa::portable)->rotate(dim, 5, 4, signs.data(), false, plain.data());
    for (uint32_t i = 0; i < 5; ++i) {
      const float before = plain_norm2(x.data() + i * dim, dim),
                  after = plain_norm2(plain.data() + i * dim, dim);
      CHECK(std::fabs(before - after) <= 1e-5f * before, shape(Isa::portable, dim, i));
    }
    for (Isa isa : kIsas) {
      if (!usable(isa)) continue;
      std::memcpy(y.data(), x.data(), x.size() * 4);
      dense(isa)->rotate(dim, 5, 4, signs.data(), false, y.data());
      CHECK(std::memcmp(y.data(), plain.data(), y.size() * 4) == 0, shape(isa, dim, 0));
      dense(isa)->rotate(dim, 5, 4, signs.data(), true, y.data());
      for (size_t i = 0; i < x.size(); ++i) CHECK(std::fabs(x[i] - y[i]) < 1e-5f, shape(isa, dim, 0));
    }
  }
}

TEST(folding_sums_groups_and_its_transpose_spreads_them) {
  Random random(11);
  for (uint32_t dim : {1u, 7u, 64u, 100u}) {
    for (uint32_t out_dim : {1u, dim / 3 + 1, dim}) {
      Fenced<float> x(2 * size_t{dim}), y(2 * size_t{out_dim}), back(2 * size_t{dim});
      Fenced<uint32_t> order(dim);
      Fenced<uint8_t> signs(dim);
      fill(x, random);
      for (uint32_t k = 0; k < dim; ++k) {
        order[k] = dim - 1 - k;
        signs[k] = static_cast<uint8_t>(random.below(2));
      }
      fold(dim, out_dim, 2, order.data(), signs.data(), x.data(), y.data());
      unfold(dim, out_dim, 2, order.data(), signs.data(), y.data(), back.data());
      for (uint32_t i = 0; i < 2; ++i) {
        for (uint32_t j = 0, k = 0; j < out_dim; ++j) {
          const uint32_t size = dim / out_dim + (j < dim % out_dim);
          const float scale = 1.0f / std::sqrt(static_cast<float>(size));
          float sum = 0.0f;
          for (uint32_t g = 0; g < size; ++g)
            sum += (signs[k + g] ? -1.0f : 1.0f) * x[i * dim + order[k + g]];
          CHECK(sum * scale == y[i * out_dim + j], shape(Isa::portable, dim, out_dim));
          for (uint32_t g = 0; g < size; ++g, ++k)
            CHECK(back[i * dim + order[k]] == (signs[k] ? -1.0f : 1.0f) * (y[i * out_dim + j] * scale),
                  shape(Isa::portable, dim, out_dim));
        }
      }
    }
  }
}

TEST(rows_are_told_about_an_origin_in_place_too) {
  constexpr uint32_t n = 3;
  for (Isa isa : kIsas) {
    if (!usable(isa)) continue;
    Random random(6);
    for (uint32_t dim = 1; dim < 70; ++dim)
      for (bool unit : {false, true}) {
        Fenced<float> x(n * size_t{dim}), y(n * size_t{dim}), origin(dim), norms(n);
        fill(x, random);
        fill(origin, random);
        std::memset(x.data() + dim, 0, 4 * dim);
        dense(isa)->norm2(dim, n, x.data(), norms.data());
        const float most = dense(isa)->place(dim, n, x.data(), unit, origin.data(), y.data());
        CHECK(most == *std::max_element(norms.data(), norms.data() + n), shape(isa, dim, unit));
        for (uint32_t i = 0; i < n; ++i) {
          const float factor = norms[i] > 0.0f ? 1.0f / std::sqrt(norms[i]) : 0.0f;
          for (uint32_t k = 0; k < dim; ++k) {
            const float scaled = unit ? x[i * dim + k] * factor : x[i * dim + k];
            CHECK(y[i * dim + k] == scaled - origin[k], shape(isa, dim, unit));
          }
        }
        dense(isa)->place(dim, n, x.data(), unit, origin.data(), x.data());
        CHECK(std::memcmp(x.data(), y.data(), 4 * x.size()) == 0, shape(isa, dim, unit));
      }
  }
}

TEST(the_first_row_that_is_not_finite_is_found) {
  constexpr uint32_t n = 3;
  for (uint32_t dim : {1u, 3u, 4u, 17u, 64u}) {
    Fenced<float> x(n * size_t{dim});
    for (size_t i = 0; i < x.size(); ++i) x[i] = i % 2 ? -3e38f : 1e-40f;
    CHECK(first_bad(dim, n, x.data()) == n, shape(Isa::portable, dim, n));
    for (float value : {INFINITY, -INFINITY, NAN})
      for (size_t at : {size_t{0}, size_t{dim} - 1, size_t{dim}, x.size() - 1}) {
        const float held = x[at];
        x[at] = value;
        CHECK(first_bad(dim, n, x.data()) == at / dim, shape(Isa::portable, dim, static_cast<uint32_t>(at)));
        x[at] = held;
      }
  }
}

TEST(clamping_holds_numbers_within_a_limit) {
  Fenced<float> x(5), y(5);
  const float values[] = {-3.0f, -1.0f, 0.0f, 0.5f, 2.0f}, expected[] = {-1.0f, -1.0f, 0.0f, 0.5f, 1.0f};
  std::memcpy(x.data(), values, sizeof values);
  clamp(5, 1.0f, x.data(), y.data());
  for (uint32_t i = 0; i < 5; ++i) CHECK(y[i] == expected[i], std::to_string(i));
}

}  // namespace
}  // namespace lilliput::tests
