// The native module: what the machine can run, then one function a family.
#include "bindings/arrays.h"

namespace lilliput {

void bind_container(nb::module_& m);
void bind_dense(nb::module_& m);
void bind_queries(nb::module_& m);
void bind_roofline(nb::module_& m);
void bind_scan(nb::module_& m);
void bind_words(nb::module_& m);

namespace {

std::vector<std::string> isas() {
  std::vector<std::string> out;
  for (Isa isa : {Isa::portable, Isa::neon, Isa::avx2, Isa::avx512, Isa::amx})
    if (usable(isa)) out.emplace_back(name(isa));
  return out;
}

}  // namespace
}  // namespace lilliput

NB_MODULE(_core, m) {
  using namespace lilliput;
  m.doc() =
      "The native side of Lilliput: kernels, scans, checksums. Private; every score is larger-is-better.";
  m.def("isas", &isas, "Instruction sets that this machine can run, weakest first.");
  m.def("default_isa", [] { return name(isa_named("")); }, "LILLIPUT_ISA, or the strongest.");
  m.def("default_threads", &default_threads, "LILLIPUT_NUM_THREADS, or the CPUs this process may run on.");
  bind_container(m);
  bind_dense(m);
  bind_queries(m);
  bind_roofline(m);
  bind_scan(m);
  bind_words(m);
}
