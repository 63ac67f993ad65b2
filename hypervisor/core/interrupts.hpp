// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/vcpu.hpp"

// Maskable interrupts that were acknowledged, or made up by a script, and that the guest is still to get. The one with
// the highest vector goes first, as from a local APIC.
namespace hyperdbg {

void await_interrupt(Vcpu& vcpu, u8 vector);

// The guest takes interrupts now, as far as the backend knows.
void deliver_interrupts(Vcpu& vcpu);

// The CPU leaves: whatever waits is given back to its local APIC.
void return_interrupts(Vcpu& vcpu);

}  // namespace hyperdbg
