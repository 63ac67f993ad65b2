// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/kinds/trigger.hpp"
#include "hypervisor/core/system_calls.hpp"
#include "x86/msr.hpp"

namespace hyperdbg {

inline bool is_system_call_entry(u32 msr) {
  return msr == static_cast<u32>(x86::Msr::LSTAR);
}

template <Backend B>
bool read_guest_msr(typename B::Cpu& cpu, u32 msr, u64& value) {
  return is_system_call_entry(msr) ? read_system_call_entry(cpu, value)
                                   : B::read_msr(cpu, msr, value) == MsrResult::done;
}
template <Backend B>
bool write_guest_msr(typename B::Cpu& cpu, u32 msr, u64 value) {
  return is_system_call_entry(msr) ? write_system_call_entry(cpu, value)
                                   : B::write_msr(cpu, msr, value) == MsrResult::done;
}

// !msrread: key and $context are ECX. What is read goes where ECX points after pre.
template <Backend B>
void handle_rdmsr(typename B::Cpu& cpu, u8 length) {
  if (!B::privileged(cpu)) return raise<B>(cpu, general_protection_fault);
  const u64 msr = static_cast<u32>(cpu.registers.rcx);
  run_instruction<B>(cpu, length, {HYPERDBG_EVENT_RDMSR, msr, msr}, [&] {
    u64 value = 0;
    if (!read_guest_msr<B>(cpu, static_cast<u32>(cpu.registers.rcx), value))
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
    return write_guest_msr<B>(cpu, static_cast<u32>(cpu.registers.rcx), value) ||
           refuse<B>(cpu, general_protection_fault);
  });
}

}  // namespace hyperdbg
