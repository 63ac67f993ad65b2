// SPDX-License-Identifier: MIT
#include "x86/registers.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "hypervisor/cpu/live_registers.hpp"
#include "hypervisor/vmx/backend.hpp"

// The guest's registers by number: in the VMCS, or live in the processor (see the comment at struct Vmx). What an entry
// would refuse is not written.
namespace hyperdbg::vmx {

using cpu::vmread;
using cpu::vmwrite;
using x86::Cr4;
using x86::vmx::Field16;
using x86::vmx::Field32;
using x86::vmx::Field64;
using x86::vmx::FieldNatural;

namespace {

constexpr FieldNatural nowhere{~0u};

// Registers that are read from a field as they stand.
constexpr FieldNatural field_of(u32 number) {
  switch (number) {
    case HYPERDBG_RIP:
      return FieldNatural::GUEST_RIP;
    case HYPERDBG_RFLAGS:
      return FieldNatural::GUEST_RFLAGS;
    case HYPERDBG_CR0:
      return FieldNatural::GUEST_CR0;
    case HYPERDBG_CR3:
      return FieldNatural::GUEST_CR3;
    case HYPERDBG_DR7:
      return FieldNatural::GUEST_DR7;
    case HYPERDBG_GDTR:
      return FieldNatural::GUEST_GDTR_BASE;
    case HYPERDBG_IDTR:
      return FieldNatural::GUEST_IDTR_BASE;
    case HYPERDBG_FS_BASE:
      return FieldNatural::GUEST_FS_BASE;
    case HYPERDBG_GS_BASE:
      return FieldNatural::GUEST_GS_BASE;
    default:
      return nowhere;
  }
}

u16 selector(u32 number) {
  switch (number) {
    case HYPERDBG_CS:
      return vmread(Field16::GUEST_CS_SELECTOR);
    case HYPERDBG_SS:
      return vmread(Field16::GUEST_SS_SELECTOR);
    case HYPERDBG_DS:
      return vmread(Field16::GUEST_DS_SELECTOR);
    case HYPERDBG_ES:
      return vmread(Field16::GUEST_ES_SELECTOR);
    case HYPERDBG_FS:
      return vmread(Field16::GUEST_FS_SELECTOR);
    case HYPERDBG_GS:
      return vmread(Field16::GUEST_GS_SELECTOR);
    case HYPERDBG_LDTR:
      return vmread(Field16::GUEST_LDTR_SELECTOR);
    case HYPERDBG_TR:
      return vmread(Field16::GUEST_TR_SELECTOR);
    default:
      return 0;
  }
}

bool write_canonical(FieldNatural field, u64 value) {
  if (!x86::canonical(value, Cr4{vmread(FieldNatural::GUEST_CR4)})) return false;
  vmwrite(field, value);
  return true;
}

bool write_rip(VmxCpu& cpu, u64 value) {
  if (!write_canonical(FieldNatural::GUEST_RIP, value)) return false;
  vmwrite(Field32::GUEST_ACTIVITY_STATE, static_cast<u32>(x86::vmx::ActivityState::active));  // not in HLT any more
  cpu.instruction_pointer_set = true;
  return true;
}

// 27.3.1.4: reserved bits as they are, no virtual-8086 mode; and 27.3.1.5: where an instruction holds back traps, or
// HLT was reached, a pending single-step and TF go together.
void write_rflags(u64 value) {
  constexpr u64 existing = 0x3d7fd5;
  const x86::Rflags flags{(value & existing) | x86::Rflags::always_one};
  vmwrite(FieldNatural::GUEST_RFLAGS, flags.value);
  const bool holding =
      (vmread(Field32::GUEST_INTERRUPTIBILITY_STATE) & x86::vmx::Interruptibility::by_instruction) != 0 ||
      vmread(Field32::GUEST_ACTIVITY_STATE) == static_cast<u32>(x86::vmx::ActivityState::halted);
  if (!holding) return;
  const bool trap =
      flags.get(x86::Rflags::tf) && !x86::DebugCtl{vmread(Field64::GUEST_DEBUGCTL)}.get(x86::DebugCtl::btf);
  const x86::vmx::PendingDebugExceptions pending{vmread(FieldNatural::GUEST_PENDING_DEBUG_EXCEPTIONS)};
  vmwrite(FieldNatural::GUEST_PENDING_DEBUG_EXCEPTIONS, pending.with(x86::vmx::PendingDebugExceptions::bs, trap).value);
}

bool write_cr0(const VmxCpu& cpu, u64 value) {
  if (!cpu.cr0_fixed.allow(value)) return false;
  vmwrite(FieldNatural::GUEST_CR0, value);
  vmwrite(FieldNatural::CR0_READ_SHADOW, value);  // what the guest reads while writes are watched
  forget_linear_translations(cpu);
  return true;
}

bool write_cr3(const VmxCpu& cpu, u64 value) {
  const u32 physical_address_bits = cpu::cpuid(0x80000008, 0).eax & 0xff;
  if (value >> physical_address_bits != 0) return false;
  vmwrite(FieldNatural::GUEST_CR3, value);
  forget_linear_translations(cpu);
  return true;
}

bool write_dr7(u64 value) {
  constexpr u64 always_one = 1 << 10;
  if (value >> 32 != 0) return false;
  vmwrite(FieldNatural::GUEST_DR7, value | always_one);
  return true;
}

}  // namespace

u64 guest_cr4(const VmxCpu&) {
  const Cr4 shadow{vmread(FieldNatural::CR4_READ_SHADOW)};
  return Cr4{vmread(FieldNatural::GUEST_CR4)}.with(Cr4::vmxe, shadow.get(Cr4::vmxe)).value;
}

bool write_guest_cr4(VmxCpu& cpu, u64 value) {
  const Cr4 now{guest_cr4(cpu)}, wanted{value};
  const x86::Efer efer{vmread(Field64::GUEST_EFER)};
  if ((value & ~cpu.cr4_fixed.fixed1) != 0) return false;
  if (x86::mov_to_cr4_faults(now, wanted, efer, vmread(FieldNatural::GUEST_CR3))) return false;
  vmwrite(FieldNatural::GUEST_CR4, wanted.with(Cr4::vmxe, true).value);
  vmwrite(FieldNatural::CR4_READ_SHADOW, value);
  forget_linear_translations(cpu);
  return true;
}

void forget_linear_translations(const VmxCpu& cpu) {
  if (cpu.has_vpid) cpu::invvpid(cpu.invvpid_type, vmread(Field16::VPID));
}

bool Vmx::write_control_register(Cpu& cpu, u8 number, u64 value) {
  if (number == 4) return write_guest_cr4(cpu, value);
  constexpr u64 always_one = 1 << 4;  // ET
  const x86::Cr0 wanted{value | always_one};
  const x86::Efer efer{vmread(Field64::GUEST_EFER)};
  if (x86::mov_to_cr0_faults(wanted, efer, Cr4{guest_cr4(cpu)}, code_bits(cpu) == 64)) return false;
  if (!write_cr0(cpu, wanted.value)) return false;
  // Paging switches long mode on and off (Intel SDM vol. 3, 10.8.5).
  const bool long_mode = efer.get(x86::Efer::lme) && wanted.get(x86::Cr0::pg);
  if (long_mode == efer.get(x86::Efer::lma)) return true;
  constexpr u32 ia32e = x86::vmx::vm_entry::IA32E_MODE_GUEST;
  const u32 entry = vmread(Field32::ENTRY_CONTROLS);
  vmwrite(Field64::GUEST_EFER, efer.with(x86::Efer::lma, long_mode).value);
  vmwrite(Field32::ENTRY_CONTROLS, long_mode ? entry | ia32e : entry & ~ia32e);
  return true;
}

u64 Vmx::read_register(const Cpu& cpu, u32 number) {
  if (number <= HYPERDBG_R15) return (&cpu.registers.rax)[number];
  if (const FieldNatural field = field_of(number); field != nowhere) return vmread(field);
  switch (number) {
    case HYPERDBG_CR2:
      return cpu.cr2;
    case HYPERDBG_CR4:
      return guest_cr4(cpu);
    case HYPERDBG_DR6:
      return cpu::read_dr<6>();
    case HYPERDBG_EFER:
      return cpu.system_calls.shown(vmread(Field64::GUEST_EFER));
    default:
      if (u64 value = 0; cpu::read_live_register(number, value)) return value;
      return selector(number);
  }
}

bool Vmx::write_register(Cpu& cpu, u32 number, u64 value) {
  if (number <= HYPERDBG_R15) {
    (&cpu.registers.rax)[number] = value;
    return true;
  }
  switch (number) {
    case HYPERDBG_RIP:
      return write_rip(cpu, value);
    case HYPERDBG_RFLAGS:
      write_rflags(value);
      return true;
    case HYPERDBG_CR0:
      return write_cr0(cpu, value);
    case HYPERDBG_CR2:
      cpu.cr2 = value;
      return true;
    case HYPERDBG_CR3:
      return write_cr3(cpu, value);
    case HYPERDBG_CR4:
      return write_guest_cr4(cpu, value);
    case HYPERDBG_DR6:
      if (value >> 32 != 0) return false;
      cpu::write_dr<6>(value);
      return true;
    case HYPERDBG_DR7:
      return write_dr7(value);
    case HYPERDBG_GDTR:
    case HYPERDBG_IDTR:
    case HYPERDBG_FS_BASE:
    case HYPERDBG_GS_BASE:
      return write_canonical(field_of(number), value);
    default:
      // No selectors: one without its descriptor would contradict the hidden part.
      return cpu::write_live_register(number, value);
  }
}

// 25.4.1: the hidden flags stand four bits higher than in a descriptor's two bytes put together.
void Vmx::write_segment(Cpu&, x86::Segment segment, const x86::SegmentRegister& value) {
  constexpr u32 unusable = 1u << 16;
  const x86::vmx::Segment which{static_cast<u32>(segment)};
  const u32 rights = (value.attributes & 0xffu) | (value.attributes & 0xf00u) << 4;
  vmwrite(of_segment(Field16::GUEST_ES_SELECTOR, which), value.selector);
  vmwrite(of_segment(FieldNatural::GUEST_ES_BASE, which), value.base);
  vmwrite(of_segment(Field32::GUEST_ES_LIMIT, which), value.limit);
  const bool usable = (value.attributes & x86::SegmentRegister::present) != 0;
  vmwrite(of_segment(Field32::GUEST_ES_ACCESS_RIGHTS, which), usable ? rights : unusable);
}

}  // namespace hyperdbg::vmx
