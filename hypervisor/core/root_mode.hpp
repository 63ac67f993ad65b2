// SPDX-License-Identifier: MIT
#pragma once
#include "base/types.hpp"

namespace hyperdbg {

struct Vcpu;

// The image's own GDT, IDT and TSS take over on this CPU, and Linux's upper half leaves its page tables.
void enter_root_mode(Vcpu& vcpu, u64 tss_base);

// Linux's upper half comes back, read from the top level of `linux_cr3`, so that the module's stub can run.
void leave_root_mode(u64 linux_cr3);

// What this CPU has cached of its page tables, global translations too.
void forget_translations();

// The Vcpu of the calling CPU, found from the stack pointer.
Vcpu& current_vcpu();

}  // namespace hyperdbg
