// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/hypercall.hpp"
#include "hypervisor/core/kinds/system_call.hpp"
#include "hypervisor/core/kinds/trigger.hpp"

namespace hyperdbg {

// !vmcall: a VMCALL or VMMCALL that is not our module's; $context is 0. For the guest there is no hypervisor, so the
// effect is #UD, as on bare hardware; post comes when it is on its way.
template <Backend B>
void handle_hypercall(typename B::Cpu& cpu, u8 length) {
  if (at_stub_trap<B>(cpu)) return handle_trapped_syscall<B>(cpu);
  if (!hypercall_is_ours(cpu, B::privileged(cpu))) {
    return run_trigger<B>(
        cpu, {HYPERDBG_EVENT_VMCALL, 0, 0},
        [&] {
          raise<B>(cpu, invalid_opcode_fault);
          return true;
        },
        [&] { B::advance(cpu, length); });
  }
  B::advance(cpu, length);
  if (cpu.registers.rax == HYPERDBG_CALL_LEAVE) B::leave(cpu);
  run_hypercall(cpu);
}

}  // namespace hyperdbg
