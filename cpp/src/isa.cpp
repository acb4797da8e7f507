// Asks the processor what it can do, and the operating system what it lets us use.
#include "lilliput/isa.h"

#include <cstdlib>
#include <cstring>
#include <initializer_list>

#ifdef LILLIPUT_X86
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

namespace lilliput {
namespace {

constexpr int kIsas = 5;
constexpr const char* kNames[kIsas] = {"portable", "avx2", "avx512", "amx", "neon"};

struct Machine {
  bool usable[kIsas] = {};
  bool& operator[](Isa isa) { return usable[static_cast<int>(isa)]; }
};

#ifdef LILLIPUT_X86
struct Leaf {
  uint32_t a = 0, b = 0, c = 0, d = 0;
  Leaf(uint32_t leaf, uint32_t sub) { __get_cpuid_count(leaf, sub, &a, &b, &c, &d); }
};

bool all(uint32_t word, std::initializer_list<int> bits) {
  for (int bit : bits)
    if (!(word >> bit & 1)) return false;
  return true;
}

// Which register states the operating system saves.
uint64_t saved_states() {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t{high} << 32 | low;
}

// Tiles are large, so Linux gives them to a process only on request; the answer holds for all its threads.
bool permit_tiles() {
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

void look(Machine& machine) {
  constexpr uint64_t kYmm = 0x6, kZmm = 0xe6, kTiles = 0x60000;
  const Leaf one(1, 0), seven(7, 0), seven_one(7, 1);
  const bool xsave = all(one.c, {27});
  const uint64_t states = xsave ? saved_states() : 0;
  // FMA, POPCNT, AVX, F16C; AVX2
  machine[Isa::avx2] = (states & kYmm) == kYmm && all(one.c, {12, 23, 28, 29}) && all(seven.b, {5});
  // F, DQ, BW, VL; VBMI, GFNI, VNNI, VPOPCNTDQ; BF16
  machine[Isa::avx512] = machine[Isa::avx2] && (states & kZmm) == kZmm && all(seven.b, {16, 17, 30, 31}) &&
                         all(seven.c, {1, 8, 11, 14}) && all(seven_one.a, {5});
  // BF16, TILE, INT8
  machine[Isa::amx] =
      machine[Isa::avx512] && (states & kTiles) == kTiles && all(seven.d, {22, 24, 25}) && permit_tiles();
}
#elif defined(LILLIPUT_ARM)
void look(Machine& machine) { machine[Isa::neon] = true; }
#else
void look(Machine&) {}
#endif

const Machine& this_machine() {
  static const Machine found = [] {
    Machine machine;
    machine[Isa::portable] = true;
    look(machine);
    return machine;
  }();
  return found;
}

}  // namespace

bool usable(Isa isa) { return this_machine().usable[static_cast<int>(isa)]; }

Isa strongest() {
  for (Isa isa : {Isa::amx, Isa::avx512, Isa::avx2, Isa::neon})
    if (usable(isa)) return isa;
  return Isa::portable;
}

const char* name(Isa isa) { return kNames[static_cast<int>(isa)]; }

bool parse(const char* text, Isa& isa) {
  for (int i = 0; i < kIsas; ++i) {
    if (std::strcmp(text, kNames[i]) != 0) continue;
    isa = static_cast<Isa>(i);
    return true;
  }
  return false;
}

bool chosen(Isa& isa) {
  isa = strongest();
  const char* text = std::getenv("LILLIPUT_ISA");
  return !text || !*text || (parse(text, isa) && usable(isa));
}

}  // namespace lilliput
