// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/kinds/trigger.hpp"

namespace hyperdbg {

// !cpuid: key and $context are the leaf, as it was before a script changed EAX.
template <Backend B>
void handle_cpuid(typename B::Cpu& cpu, u8 length) {
  const u64 leaf = static_cast<u32>(cpu.registers.rax);
  run_instruction<B>(cpu, length, {HYPERDBG_EVENT_CPUID, leaf, leaf}, [&] {
    B::cpuid(cpu);
    return true;
  });
}

}  // namespace hyperdbg
