// SPDX-License-Identifier: MIT
#pragma once
#include <span>

#include "hypervisor/core/vcpu.hpp"

namespace hyperdbg {

// Halts the debuggee: every CPU stops, the guest's clock stands still, the debugger is told why. Returns at `g`.
void halt(Vcpu& vcpu, const HaltCause& cause);

bool halted();
u32 operating_core();
const HaltCause& halt_cause();

// Requests that change the halt itself.
void continue_debuggee();
bool switch_operating_core(u32 core);

// Called by every stopped CPU in its waiting loop: the operating core answers the debugger.
void serve_if_operating(Vcpu& vcpu);

// Exactly what events watch on this CPU exits.
void apply_intercepts(Vcpu& vcpu);

// What a CPU has to catch up on when a stop ends: intercepts, the clock, its translations.
void resume_cpu(Vcpu& vcpu);

// Debugger Mode, running: a byte may have come. True if it explains the NMI.
bool serve_while_running(Vcpu& vcpu);

// The bytes of what is known about the halt.
std::span<const u8> halt_state();

}  // namespace hyperdbg
