// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/apic.hpp"
#include "hypervisor/core/interrupts.hpp"
#include "hypervisor/core/kinds/trigger.hpp"

namespace hyperdbg {

// !interrupt: key and $context are the vector. Post comes when the interrupt is injected, or waits for the guest to
// take interrupts. Skipped: it is ended at the local APIC, which would hold back all of lower priority otherwise.
template <Backend B>
void handle_interrupt(typename B::Cpu& cpu, u8 vector) {
  run_trigger<B>(
      cpu, {HYPERDBG_EVENT_INTERRUPT, vector, vector},
      [&] {
        await_interrupt(cpu, vector);
        return true;
      },
      [&] { end_of_interrupt(vector); });
}

}  // namespace hyperdbg
