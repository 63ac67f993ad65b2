// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/kinds/trigger.hpp"
#include "x86/registers.hpp"

namespace hyperdbg {

template <Backend B>
u64 value_to_write(const typename B::Cpu& cpu, const ControlRegisterInfo& access, u64 now) {
  constexpr u64 settable = 0xf, clearable = 0xe;  // by LMSW, which cannot clear PE
  switch (access.kind) {
    case ControlRegisterInfo::Kind::mov:
      return B::read_register(cpu, access.general_register);
    case ControlRegisterInfo::Kind::clts:
      return x86::Cr0{now}.with(x86::Cr0::ts, false).value;
    case ControlRegisterInfo::Kind::lmsw:
      return (now & ~clearable) | (access.status_word & settable);
  }
  return now;
}

// !crwrite: key and $context are the register's number. Only an event whose mask has one of the bits that change sees
// it; pre may change the register that is the source.
template <Backend B>
void handle_control_register(typename B::Cpu& cpu, const Exit& exit) {
  if (!B::privileged(cpu)) return raise<B>(cpu, general_protection_fault);
  const ControlRegisterInfo access = exit.control_register;
  const u64 now = B::read_register(cpu, access.number == 0 ? HYPERDBG_CR0 : HYPERDBG_CR4);
  const u64 unchanged = ~(now ^ value_to_write<B>(cpu, access, now));
  run_instruction<B>(cpu, exit.length, {HYPERDBG_EVENT_CRWRITE, access.number, access.number, unchanged}, [&] {
    return B::write_control_register(cpu, access.number, value_to_write<B>(cpu, access, now)) ||
           refuse<B>(cpu, general_protection_fault);
  });
}

}  // namespace hyperdbg
