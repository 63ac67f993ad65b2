// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/kinds/trigger.hpp"
#include "x86/registers.hpp"

namespace hyperdbg {

// AMD APM vol. 2, 13.1.1 and Intel SDM vol. 3, 18.2: DR4 and DR5 are DR6 and DR7, or do not exist with CR4.DE.
template <Backend B>
bool access_debug_register(typename B::Cpu& cpu, const DebugRegisterInfo& access) {
  using x86::Dr7;
  constexpr u32 registers[] = {HYPERDBG_DR0, HYPERDBG_DR1, HYPERDBG_DR2, HYPERDBG_DR3,
                               HYPERDBG_DR6, HYPERDBG_DR7, HYPERDBG_DR6, HYPERDBG_DR7};
  if (access.number == 4 || access.number == 5) {
    if (x86::Cr4{B::read_register(cpu, HYPERDBG_CR4)}.get(x86::Cr4::de)) return refuse<B>(cpu, invalid_opcode_fault);
  }
  if (const Dr7 dr7{B::read_register(cpu, HYPERDBG_DR7)}; dr7.get(Dr7::gd)) {
    B::write_register(cpu, HYPERDBG_DR7, dr7.with(Dr7::gd, false).value);
    return refuse<B>(cpu, fault_of(static_cast<u8>(x86::Vector::debug)), x86::Dr6{}.with(x86::Dr6::bd, true).value);
  }
  const u32 number = registers[access.number];
  if (!access.write) {
    B::write_register(cpu, access.general_register, B::read_register(cpu, number));
    return true;
  }
  const u64 value = B::read_register(cpu, access.general_register);
  if (number == HYPERDBG_DR6 || number == HYPERDBG_DR7) {
    if (value >> 32 != 0) return refuse<B>(cpu, general_protection_fault);
    return B::write_register(cpu, number, number == HYPERDBG_DR6 ? x86::dr6_of(value) : x86::dr7_of(value));
  }
  return B::write_register(cpu, number, value);
}

// !dr: MOV to or from a debug register, in the kernel; $context is 0.
template <Backend B>
void handle_debug_register(typename B::Cpu& cpu, const Exit& exit) {
  if (!B::privileged(cpu)) return raise<B>(cpu, general_protection_fault);
  const DebugRegisterInfo access = exit.debug_register;
  run_instruction<B>(cpu, exit.length, {HYPERDBG_EVENT_DR, 0, 0},
                     [&] { return access_debug_register<B>(cpu, access); });
}

}  // namespace hyperdbg
