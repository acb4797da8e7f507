// Checksums and page guards for Python.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <bit>
#include <optional>
#include <string>
#include <vector>

#include "lilliput/crc32c.h"
#include "lilliput/page_guard.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace lilliput {
namespace {

// Bytes of anything that has the buffer protocol and lies in one piece; held for as long as this lives.
class Bytes {
 public:
  explicit Bytes(nb::handle object) {
    if (PyObject_GetBuffer(object.ptr(), &view_, PyBUF_SIMPLE) != 0) throw nb::python_error();
  }
  ~Bytes() { PyBuffer_Release(&view_); }
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;

  const std::byte* data() const { return static_cast<const std::byte*>(view_.buf); }
  size_t size() const { return static_cast<size_t>(view_.len); }

 private:
  Py_buffer view_;
};

using MappedBytes = nb::ndarray<const uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Checksums = nb::ndarray<const uint32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

size_t page_count(size_t bytes, size_t page) {
  if (!std::has_single_bit(page)) throw nb::value_error("page must be a power of two");
  return bytes / page + (bytes % page != 0);
}

uint32_t checksum(nb::object data, uint32_t start) {
  const Bytes bytes(data);
  nb::gil_scoped_release released;
  return crc32c(bytes.data(), bytes.size(), start);
}

nb::ndarray<nb::numpy, uint32_t, nb::ndim<1>> checksums(nb::object data, size_t page) {
  const Bytes bytes(data);
  const size_t pages = page_count(bytes.size(), page);
  auto* out = new uint32_t[pages];
  nb::capsule owner(out, [](void* memory) noexcept { delete[] static_cast<uint32_t*>(memory); });
  {
    nb::gil_scoped_release released;
    crc32c_pages(bytes.data(), bytes.size(), page, out);
  }
  return {out, {pages}, owner};
}

void make_guard(PageGuard* self, MappedBytes data, Checksums expected, size_t page, std::string name,
                uint64_t origin) {
  if (expected.size() != page_count(data.size(), page)) {
    throw nb::value_error("there must be one checksum for each page of the data");
  }
  new (self) PageGuard(reinterpret_cast<const std::byte*>(data.data()), data.size(),
                       {expected.data(), expected.data() + expected.size()}, page, std::move(name), origin);
}

bool touch(PageGuard& guard, size_t offset, size_t n) {
  if (offset > guard.length() || n > guard.length() - offset) {
    throw nb::index_error("the bytes lie outside what the guard covers");
  }
  nb::gil_scoped_release released;
  return guard.touch(guard.base() + offset, n);
}

std::optional<uint64_t> bad_page(const PageGuard& guard) {
  const uint64_t page = guard.bad_page();
  return page == PageGuard::kNone ? std::nullopt : std::optional(page);
}

}  // namespace

void bind_container(nb::module_& m) {
  m.def("crc32c", &checksum, "data"_a, "start"_a = 0,
        nb::sig("def crc32c(data: object, start: int = 0) -> int"),
        "Checksum the bytes of a buffer by CRC32C, continuing from `start`.");
  m.def("crc32c_pages", &checksums, "data"_a, "page"_a = 65536,
        "Checksum each page of a buffer by CRC32C; the last page is what is left.");
  nb::class_<PageGuard>(m, "PageGuard", "Verifies the pages of mapped bytes at first touch.")
      .def("__init__", &make_guard, "data"_a.noconvert(), "expected"_a.noconvert(), "page"_a = 65536,
           "name"_a = "", "origin"_a = 0, nb::keep_alive<1, 2>())
      .def("touch", &touch, "offset"_a, "n"_a, "Verify the pages under these bytes; False when one is bad.")
      .def("verify_all", &PageGuard::touch_all, nb::call_guard<nb::gil_scoped_release>(),
           "Verify every page that nobody has touched yet; False when one is bad.")
      .def_prop_ro("bad_page", &bad_page, "The first bad page met, or None.")
      .def_prop_ro("pages", &PageGuard::pages, "How many pages there are.")
      .def_prop_ro("complaint", &PageGuard::complaint, "One sentence on the bad page; empty without one.");
}

}  // namespace lilliput
