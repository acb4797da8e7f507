// What the machine can do at most, for benchmarks to divide by.
#include "index/roofline.h"

#include "bindings/arrays.h"

namespace lilliput {
namespace {

uint64_t read_all(In<uint8_t, 1> data, unsigned threads, const std::string& isa) {
  const Isa set = isa_named(isa);
  const nb::gil_scoped_release released;
  return stream_read(reinterpret_cast<const std::byte*>(data.data()), data.shape(0), set,
                     threads_or_default(threads));
}

uint64_t multiply_all(uint64_t rounds, unsigned threads, const std::string& isa) {
  const Isa set = isa_named(isa);
  const nb::gil_scoped_release released;
  return multiply_bytes(rounds, set, threads_or_default(threads));
}

}  // namespace

void bind_roofline(nb::module_& m) {
  m.def("stream_read", &read_all, "data"_a, "threads"_a = 0, "isa"_a = "",
        "Read every byte; the exclusive or of its 8-byte words. To be timed.");
  m.def("multiply_bytes", &multiply_all, "rounds"_a, "threads"_a = 0, "isa"_a = "",
        "Multiply bytes in registers on each thread; how many products were summed, 0 without such an "
        "instruction. To be timed.");
}

}  // namespace lilliput
