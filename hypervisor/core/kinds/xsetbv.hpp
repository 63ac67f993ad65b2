// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/guest_instructions.hpp"
#include "hypervisor/core/kinds/trigger.hpp"

namespace hyperdbg {

// !xsetbv: key and $context are ECX, the number of the extended control register. The privilege level was looked at
// before the exit; XCR0 stays in the processor, so it is root mode's too.
template <Backend B>
void handle_xsetbv(typename B::Cpu& cpu, u8 length) {
  const u64 number = static_cast<u32>(cpu.registers.rcx);
  run_instruction<B>(cpu, length, {HYPERDBG_EVENT_XSETBV, number, number}, [&] {
    const u64 value = static_cast<u32>(cpu.registers.rax) | cpu.registers.rdx << 32;
    Injection refusal;
    return execute_xsetbv(static_cast<u32>(cpu.registers.rcx), value, refusal) || refuse<B>(cpu, refusal);
  });
}

}  // namespace hyperdbg
