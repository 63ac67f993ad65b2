// SPDX-License-Identifier: MIT
#include "hypervisor/core/guest_cpuid.hpp"

#include "hypervisor/core/vcpu.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "x86/registers.hpp"

namespace hyperdbg {

void execute_cpuid(Vcpu& vcpu, u64 guest_cr4) {
  constexpr u32 osxsave = 1u << 27, pku = 1u << 3, ospke = 1u << 4;
  const u32 leaf = static_cast<u32>(vcpu.registers.rax);
  cpu::CpuidResult result = cpu::cpuid(leaf, static_cast<u32>(vcpu.registers.rcx));
  const x86::Cr4 cr4{guest_cr4};
  if (leaf == 1) {
    result.ecx = (result.ecx & ~osxsave) | (cr4.get(x86::Cr4::osxsave) ? osxsave : 0);
  } else if (leaf == 7) {
    const bool keys = cr4.get(x86::Cr4::pke) && (result.ecx & pku) != 0;
    result.ecx = (result.ecx & ~ospke) | (keys ? ospke : 0);
  }
  vcpu.registers.rax = result.eax;
  vcpu.registers.rbx = result.ebx;
  vcpu.registers.rcx = result.ecx;
  vcpu.registers.rdx = result.edx;
}

}  // namespace hyperdbg
