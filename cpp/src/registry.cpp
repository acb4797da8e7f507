// Hands out the table of a kind and an instruction set that this machine can run.
#include <array>
#include <iterator>

#include "kernels/dense/tables.h"
#include "kernels/tables.h"
#include "lilliput/isa.h"

namespace lilliput {
namespace {

enum class Form { floats, integers, planes };

struct Family {
  Kind kind;
  const char* name;
  uint32_t bits;
  Form form;
  const Kernels *portable, *avx2, *avx512, *neon;
  const Tile* amx;
};

#define LILLIPUT_FAMILY(name, number, bits, form) \
  {Kind::name, #name, bits, Form::form, &portable::name, &avx2::name, &avx512::name, &neon::name, &amx::name},
const Family kFamilies[] = {LILLIPUT_FAMILIES(LILLIPUT_FAMILY)};
#undef LILLIPUT_FAMILY

constexpr size_t kCount = std::size(kFamilies);

const Family& family(Kind kind) {
  for (const Family& found : kFamilies)
    if (found.kind == kind) return found;
  return kFamilies[0];  // not reached: every kind has a line
}

const Kernels* or_else(const Kernels* better, const Kernels* weaker) { return better ? better : weaker; }

// One query is scored by avx512; the tile unit takes over where there are many.
const Kernels* with_tile_unit(const Family& of) {
  static const std::array<Kernels, kCount> tables = [] {
    std::array<Kernels, kCount> out{};
    for (size_t i = 0; i < kCount; ++i) {
      const Family& f = kFamilies[i];
      const Kernels* one = or_else(f.avx512, or_else(f.avx2, f.portable));
      if (one) out[i] = *one;
      if (f.amx) out[i].tile = f.amx;
    }
    return out;
  }();
  return of.portable ? &tables[static_cast<size_t>(&of - kFamilies)] : nullptr;
}

}  // namespace

const Kernels* kernels(Kind kind, Isa isa) {
  if (!usable(isa)) return nullptr;
  const Family& of = family(kind);
  switch (isa) {
    case Isa::portable:
      return of.portable;
    case Isa::avx2:
      return or_else(of.avx2, of.portable);
    case Isa::avx512:
      return or_else(of.avx512, or_else(of.avx2, of.portable));
    case Isa::amx:
      return with_tile_unit(of);
    case Isa::neon:
      return or_else(of.neon, of.portable);
  }
  return nullptr;
}

const Dense* dense(Isa isa) {
  if (!usable(isa)) return nullptr;
  switch (isa) {
#ifdef LILLIPUT_X86
    case Isa::avx2:
      return &avx2::dense;
    case Isa::avx512:
    case Isa::amx:
      return &avx512::dense;
#elif defined(LILLIPUT_ARM)
    case Isa::neon:
      return &neon::dense;
#endif
    default:
      return &portable::dense;
  }
}

uint32_t row_bytes(Kind kind, uint32_t cells) {
  const Family& of = family(kind);
  const uint32_t bits = of.form == Form::planes ? 1 : of.bits;
  return static_cast<uint32_t>((uint64_t{cells} * bits + 7) / 8);
}

uint32_t more_bytes(Kind kind, uint32_t cells) {
  const Family& of = family(kind);
  return of.form == Form::planes ? (cells + 7) / 8 * (of.bits - 1) : 0;
}

const char* name(Kind kind) { return family(kind).name; }

bool sums_floats(Kind kind) { return family(kind).form == Form::floats; }

}  // namespace lilliput
