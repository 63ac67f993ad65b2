// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/kinds/trigger.hpp"

namespace hyperdbg {

// !msrread: key and $context are ECX. What is read goes where ECX points after pre.
template <Backend B>
void handle_rdmsr(typename B::Cpu& cpu, u8 length) {
  if (!B::privileged(cpu)) return raise<B>(cpu, general_protection_fault);
  const u64 msr = static_cast<u32>(cpu.registers.rcx);
  run_instruction<B>(cpu, length, {HYPERDBG_EVENT_RDMSR, msr, msr}, [&] {
    u64 value = 0;
    if (B::read_msr(cpu, static_cast<u32>(cpu.registers.rcx), value) != MsrResult::done)
      return refuse<B>(cpu, general_protection_fault);
    cpu.registers.rax = static_cast<u32>(value);
    cpu.registers.rdx = value >> 32;
    return true;
  });
}

// !msrwrite: the same for EDX:EAX.
template <Backend B>
void handle_wrmsr(typename B::Cpu& cpu, u8 length) {
  if (!B::privileged(cpu)) return raise<B>(cpu, general_protection_fault);
  const u64 msr = static_cast<u32>(cpu.registers.rcx);
  run_instruction<B>(cpu, length, {HYPERDBG_EVENT_WRMSR, msr, msr}, [&] {
    const u64 value = static_cast<u32>(cpu.registers.rax) | cpu.registers.rdx << 32;
    if (B::write_msr(cpu, static_cast<u32>(cpu.registers.rcx), value) == MsrResult::done) return true;
    return refuse<B>(cpu, general_protection_fault);
  });
}

}  // namespace hyperdbg
