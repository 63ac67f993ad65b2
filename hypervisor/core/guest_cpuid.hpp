// SPDX-License-Identifier: MIT
#pragma once
#include "base/types.hpp"

namespace hyperdbg {

struct Vcpu;

// Executes CPUID for the guest. The answers are the processor's, except where they mirror CR4: root mode's is another.
void execute_cpuid(Vcpu& vcpu, u64 guest_cr4);

}  // namespace hyperdbg
