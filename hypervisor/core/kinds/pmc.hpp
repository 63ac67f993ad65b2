// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/guest_instructions.hpp"
#include "hypervisor/core/kinds/trigger.hpp"

namespace hyperdbg {

// !pmc: $context is 0; pre may change ECX. CR4.PCE was looked at before the exit.
template <Backend B>
void handle_pmc(typename B::Cpu& cpu, u8 length) {
  run_instruction<B>(cpu, length, {HYPERDBG_EVENT_PMC, 0, 0}, [&] {
    u64 value = 0;
    Injection refusal;
    if (!execute_rdpmc(static_cast<u32>(cpu.registers.rcx), value, refusal)) return refuse<B>(cpu, refusal);
    cpu.registers.rax = static_cast<u32>(value);
    cpu.registers.rdx = value >> 32;
    return true;
  });
}

}  // namespace hyperdbg
