// What this machine can run, found once by CPUID and by asking the kernel for AMX.
#pragma once

#include "lilliput/codes.h"

// A baseline build has the portable kernels alone.
#if !defined(LILLIPUT_BASELINE) && defined(__x86_64__)
#define LILLIPUT_X86
#elif !defined(LILLIPUT_BASELINE) && defined(__aarch64__)
#define LILLIPUT_ARM
#endif

namespace lilliput {

bool usable(Isa isa);
Isa strongest();
const char* name(Isa isa);
bool parse(const char* text, Isa& isa);

// What LILLIPUT_ISA names, or the strongest; false where it names something unknown or not usable here.
bool chosen(Isa& isa);

}  // namespace lilliput
