// Hands out the table of a kind and an instruction set that this machine can run.
#include "kernels/dense/tables.h"
#include "kernels/tables.h"
#include "lilliput/isa.h"

namespace lilliput {
namespace {

struct Family {
  const Kernels *f32, *f16, *i8, *bits;
  const Dense* dense;
};

#define LILLIPUT_FAMILY(isa, dense_isa) {&isa::f32, &isa::f16, &isa::i8, &isa::bits, &dense_isa::dense}
constexpr Family kPortable = LILLIPUT_FAMILY(portable, portable);
#if defined(__x86_64__)
constexpr Family kAvx2 = LILLIPUT_FAMILY(avx2, avx2);
constexpr Family kAvx512 = LILLIPUT_FAMILY(avx512, avx512);
#elif defined(__aarch64__)
constexpr Family kNeon = LILLIPUT_FAMILY(neon, neon);
#endif
#undef LILLIPUT_FAMILY

#if defined(__x86_64__)
// One query is scored by avx512; the tile unit takes over where there are many.
Kernels tiled(const Kernels& kernels, const Tile& tile) {
  Kernels out = kernels;
  out.tile = &tile;
  return out;
}

const Family& with_tile_unit() {
  static const Kernels f32 = tiled(avx512::f32, amx::f32), f16 = tiled(avx512::f16, amx::f16),
                       i8 = tiled(avx512::i8, amx::i8), bits = tiled(avx512::bits, amx::bits);
  static const Family family = {&f32, &f16, &i8, &bits, &avx512::dense};
  return family;
}
#endif

const Family* family(Isa isa) {
  if (!usable(isa)) return nullptr;
  switch (isa) {
    case Isa::portable:
      return &kPortable;
#if defined(__x86_64__)
    case Isa::avx2:
      return &kAvx2;
    case Isa::avx512:
      return &kAvx512;
    case Isa::amx:
      return &with_tile_unit();
#elif defined(__aarch64__)
    case Isa::neon:
      return &kNeon;
#endif
    default:
      return nullptr;
  }
}

}  // namespace

const Kernels* kernels(Kind kind, Isa isa) {
  const Family* found = family(isa);
  if (!found) return nullptr;
  switch (kind) {
    case Kind::f32:
      return found->f32;
    case Kind::f16:
      return found->f16;
    case Kind::i8:
      return found->i8;
    case Kind::bits:
      return found->bits;
    default:
      return nullptr;
  }
}

const Dense* dense(Isa isa) {
  const Family* found = family(isa);
  return found ? found->dense : nullptr;
}

uint32_t row_bytes(Kind kind, uint32_t dim) {
  switch (kind) {
    case Kind::f32:
      return 4 * dim;
    case Kind::f16:
      return 2 * dim;
    case Kind::i8:
      return dim;
    case Kind::bits:
      return dim / 8 + (dim % 8 != 0);
    default:
      return 0;
  }
}

}  // namespace lilliput
