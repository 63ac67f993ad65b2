// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/kinds/trigger.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "x86/msr.hpp"

namespace hyperdbg {

// !tsc: $context is 0 for RDTSC and 1 for RDTSCP. CR4.TSD was looked at before the exit.
template <Backend B>
void handle_tsc(typename B::Cpu& cpu, u8 length, bool with_processor_id) {
  const u64 context = with_processor_id ? 1 : 0;
  run_instruction<B>(cpu, length, {HYPERDBG_EVENT_TSC, context, context}, [&] {
    const u64 now = cpu::rdtsc() + machine.tsc_offset;
    cpu.registers.rax = static_cast<u32>(now);
    cpu.registers.rdx = now >> 32;
    u64 processor_id = 0;
    if (with_processor_id && B::read_msr(cpu, static_cast<u32>(x86::Msr::TSC_AUX), processor_id) == MsrResult::done)
      cpu.registers.rcx = static_cast<u32>(processor_id);
    return true;
  });
}

}  // namespace hyperdbg
