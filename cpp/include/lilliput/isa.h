// What this machine can run, found once by CPUID and by asking the kernel for AMX.
#pragma once

#include "lilliput/codes.h"

namespace lilliput {

bool usable(Isa isa);
Isa strongest();
const char* name(Isa isa);
bool parse(const char* text, Isa& isa);

// What LILLIPUT_ISA names, or the strongest; false where it names something unknown or not usable here.
bool chosen(Isa& isa);

}  // namespace lilliput
