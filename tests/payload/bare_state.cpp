// SPDX-License-Identifier: MIT
#include "tests/payload/bare_state.hpp"

#include "hypervisor/cpu/instructions.hpp"

namespace hyperdbg::payload {

BareState read_bare_state() {
  using x86::Msr;
  const cpu::DescriptorTable gdt = cpu::sgdt(), idt = cpu::sidt();
  return {{
      {"CR0", cpu::read_cr0()},
      {"CR3", cpu::read_cr3()},
      {"CR4", cpu::read_cr4()},
      {"CR8", cpu::read_cr8()},
      {"DR0", cpu::read_dr<0>()},
      {"DR7", cpu::read_dr<7>()},
      {"EFER", cpu::rdmsr(Msr::EFER)},
      {"PAT", cpu::rdmsr(Msr::PAT)},
      {"GDTR base", gdt.base},
      {"GDTR limit", gdt.limit},
      {"IDTR base", idt.base},
      {"IDTR limit", idt.limit},
      {"CS", cpu::read_cs()},
      {"SS", cpu::read_ss()},
      {"DS", cpu::read_ds()},
      {"ES", cpu::read_es()},
      {"FS", cpu::read_fs()},
      {"GS", cpu::read_gs()},
      {"TR", cpu::str()},
      {"LDTR", cpu::sldt()},
      {"FS base", cpu::rdmsr(Msr::FS_BASE)},
      {"GS base", cpu::rdmsr(Msr::GS_BASE)},
      {"kernel GS base", cpu::rdmsr(Msr::KERNEL_GS_BASE)},
      {"STAR", cpu::rdmsr(Msr::STAR)},
      {"LSTAR", cpu::rdmsr(Msr::LSTAR)},
      {"SFMASK", cpu::rdmsr(Msr::SFMASK)},
      {"SYSENTER_ESP", cpu::rdmsr(Msr::SYSENTER_ESP)},
      {"SYSENTER_EIP", cpu::rdmsr(Msr::SYSENTER_EIP)},
  }};
}

const char* difference(const BareState& before, const BareState& after) {
  for (u32 i = 0; i < sizeof(before.values) / sizeof(before.values[0]); ++i) {
    if (before.values[i].value != after.values[i].value) return before.values[i].name;
  }
  return nullptr;
}

}  // namespace hyperdbg::payload
