// What every binding does first: check the shapes, and hand arrays to Python without a copy.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <string>
#include <vector>

#include "lilliput/isa.h"
#include "lilliput/pool.h"

namespace lilliput {

namespace nb = nanobind;
using namespace nb::literals;

template <class T, size_t Dims>
using In = nb::ndarray<const T, nb::ndim<Dims>, nb::c_contig, nb::device::cpu>;
template <class T, size_t Dims>
using Into = nb::ndarray<T, nb::ndim<Dims>, nb::c_contig, nb::device::cpu>;
template <class T, size_t Dims>
using Out = nb::ndarray<nb::numpy, T, nb::ndim<Dims>>;

// An array that Python will own.
template <class T>
struct Fresh {
  explicit Fresh(size_t n)
      : data(new T[n]), owner(data, [](void* p) noexcept { delete[] static_cast<T*>(p); }) {}
  Out<T, 1> array(size_t n) const { return {data, {n}, owner}; }
  Out<T, 2> array(size_t n, size_t m) const { return {data, {n, m}, owner}; }
  T* data;
  nb::capsule owner;
};

template <class Array>
auto pointer(const std::optional<Array>& array) -> decltype(array->data()) {
  return array ? array->data() : nullptr;
}

inline void require(bool holds, const char* what) {
  if (!holds) throw nb::value_error(what);
}

inline Isa isa_named(const std::string& text) {
  Isa isa;
  if (text.empty()) {
    if (!chosen(isa))
      throw nb::value_error("LILLIPUT_ISA names an instruction set that this machine cannot run");
    return isa;
  }
  if (!parse(text.c_str(), isa) || !usable(isa))
    throw nb::value_error("no such instruction set on this machine");
  return isa;
}

inline unsigned threads_or_default(unsigned threads) { return threads ? threads : default_threads(); }

// Lets Ctrl-C end native work: called without the GIL, on the thread that Python called from.
inline Poll signals() {
  return [] {
    const nb::gil_scoped_acquire held;
    return PyErr_CheckSignals() == 0;
  };
}

}  // namespace lilliput
