// SPDX-License-Identifier: MIT
#include "hypervisor/vmx/backend.hpp"

#include "hypervisor/core/fault_report.hpp"
#include "hypervisor/core/guest_cpuid.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "x86/registers.hpp"

namespace hyperdbg::vmx {

using cpu::vmread;
using cpu::vmwrite;
using x86::vmx::ExitReason;
using x86::vmx::Field16;
using x86::vmx::Field32;
using x86::vmx::Field64;
using x86::vmx::FieldNatural;
using x86::vmx::Interruptibility;
using x86::vmx::InterruptionInformation;
using x86::vmx::PendingDebugExceptions;

namespace {

constexpr Exit handled{.kind = ExitKind::handled, .length = 0, .io = {}};

u8 instruction_length() {
  return static_cast<u8>(vmread(Field32::EXIT_INSTRUCTION_LENGTH));
}

Exit instruction(ExitKind kind) {
  return {.kind = kind, .length = instruction_length(), .io = {}};
}

Exit io() {
  const auto access = x86::vmx::io_access(vmread(FieldNatural::EXIT_QUALIFICATION));
  Exit exit = instruction(ExitKind::io);
  exit.io = {.port = access.port, .size = access.size, .in = access.in, .string = access.string};
  return exit;
}

Exit nested_fault(bool delivering) {
  const auto violation = x86::vmx::ept_violation(vmread(FieldNatural::EXIT_QUALIFICATION));
  // 28.2.3: an IRET had ended the blocking of NMIs when it was interrupted, and will be executed again.
  if (violation.nmi_unblocking && !delivering)
    set_interruptibility(interruptibility().with(Interruptibility::blocking_by_nmi, true));
  Exit exit{.kind = ExitKind::nested_fault, .length = 0, .io = {}};
  exit.nested_fault = {.address = PhysicalAddress{vmread(Field64::GUEST_PHYSICAL_ADDRESS)},
                       .access = violation.fetch   ? NestedAccess::fetch
                                 : violation.write ? NestedAccess::write
                                                   : NestedAccess::read};
  return exit;
}

// As after firmware that locked VT-x off: without CR4.VMXE there is no VMXON, with it VMXON is refused.
Exit vmxon(VmxCpu& cpu) {
  if (!x86::Cr4{guest_cr4(cpu)}.get(x86::Cr4::vmxe)) return {.kind = ExitKind::undefined, .length = 0, .io = {}};
  Vmx::inject(cpu, general_protection_fault);
  return handled;
}

// What is in caches is not only the guest's: it is written back before it is forgotten.
Exit invd(VmxCpu& cpu) {
  cpu::wbinvd();
  Vmx::advance(cpu, instruction_length());
  return handled;
}

}  // namespace

Exit Vmx::decode(Cpu& cpu) {
  const x86::vmx::Reason reason{vmread(Field32::EXIT_REASON)};
  if (reason.get(x86::vmx::Reason::entry_failure)) return {.kind = ExitKind::unknown, .length = 0, .io = {}};
  const InterruptionInformation interrupted{vmread(Field32::IDT_VECTORING_INFORMATION)};
  const bool delivering = interrupted.get(InterruptionInformation::valid);
  if (delivering) keep_interrupted_event(interrupted);

  switch (reason.get(x86::vmx::Reason::basic)) {
    case ExitReason::CPUID:
      return instruction(ExitKind::cpuid);
    case ExitReason::RDMSR:
      return instruction(ExitKind::rdmsr);
    case ExitReason::WRMSR:
      return instruction(ExitKind::wrmsr);
    case ExitReason::VMCALL:
      return instruction(ExitKind::hypercall);
    case ExitReason::IO:
      return io();
    case ExitReason::EPT_VIOLATION:
      return nested_fault(delivering);
    case ExitReason::NMI_WINDOW:
      end_nmi_window(cpu);
      return handled;
    case ExitReason::INTERRUPT_WINDOW:
      end_interrupt_window();
      return {.kind = ExitKind::interrupt_window, .length = 0, .io = {}};
    case ExitReason::INVD:
      return invd(cpu);
    case ExitReason::VMXON:
      return vmxon(cpu);
    case ExitReason::INIT:
      reset_by_init(cpu);
      return handled;
    case ExitReason::SIPI:
      start_up(cpu, static_cast<u8>(vmread(FieldNatural::EXIT_QUALIFICATION)));
      return handled;
    case ExitReason::GETSEC:
    case ExitReason::VMCLEAR:
    case ExitReason::VMLAUNCH:
    case ExitReason::VMPTRLD:
    case ExitReason::VMPTRST:
    case ExitReason::VMREAD:
    case ExitReason::VMRESUME:
    case ExitReason::VMWRITE:
    case ExitReason::VMXOFF:
    case ExitReason::INVEPT:
    case ExitReason::INVVPID:
      return {.kind = ExitKind::undefined, .length = 0, .io = {}};
    case ExitReason::TRIPLE_FAULT:
      return {.kind = ExitKind::shutdown, .length = 0, .io = {}};
    default:
      return decode_watched(cpu, reason.get(x86::vmx::Reason::basic), delivering);
  }
}

void Vmx::advance(Cpu& cpu, u8 length) {
  u64 rip = vmread(FieldNatural::GUEST_RIP) + length;
  if (code_bits(cpu) != 64) rip &= 0xffffffff;
  vmwrite(FieldNatural::GUEST_RIP, rip);
  const Interruptibility state = interruptibility();
  if ((state.value & Interruptibility::by_instruction) != 0)
    set_interruptibility(Interruptibility{state.value & ~Interruptibility::by_instruction});
  const x86::Rflags flags{vmread(FieldNatural::GUEST_RFLAGS)};
  if (flags.get(x86::Rflags::rf)) vmwrite(FieldNatural::GUEST_RFLAGS, flags.with(x86::Rflags::rf, false).value);
  if (!flags.get(x86::Rflags::tf)) return;
  // The guest single-steps: the trap behind this instruction is pending, unless only branches trap.
  if (x86::DebugCtl{vmread(Field64::GUEST_DEBUGCTL)}.get(x86::DebugCtl::btf)) return;
  const PendingDebugExceptions pending{vmread(FieldNatural::GUEST_PENDING_DEBUG_EXCEPTIONS)};
  vmwrite(FieldNatural::GUEST_PENDING_DEBUG_EXCEPTIONS, pending.with(PendingDebugExceptions::bs, true).value);
}

// Linux remembers FEATURE_CONTROL from its boot, and KVM asks CPUID only, so VMX is hidden there as well.
void Vmx::cpuid(Cpu& cpu) {
  constexpr u64 vmx = 1 << 5;
  const u32 leaf = static_cast<u32>(cpu.registers.rax);
  execute_cpuid(cpu, vmread(FieldNatural::GUEST_CR4));
  if (leaf == 1) cpu.registers.rcx &= ~vmx;
}

bool Vmx::privileged(const Cpu&) {
  constexpr u32 descriptor_privilege = 3u << 5;  // of SS, which is the CPL (25.4.1)
  return (vmread(Field32::GUEST_SS_ACCESS_RIGHTS) & descriptor_privilege) == 0;
}

u64 Vmx::instruction_pointer(const Cpu&) {
  return vmread(FieldNatural::GUEST_RIP);
}

u64 Vmx::page_table_root(const Cpu&) {
  return vmread(FieldNatural::GUEST_CR3);
}

u32 Vmx::code_bits(const Cpu&) {
  constexpr u32 long_mode = 1u << 13, default_32 = 1u << 14;  // L and D/B of the access rights
  const u32 rights = vmread(Field32::GUEST_CS_ACCESS_RIGHTS);
  if ((vmread(Field64::GUEST_EFER) & x86::Efer::lma.mask) != 0 && (rights & long_mode) != 0) return 64;
  return (rights & default_32) != 0 ? 32 : 16;
}

// Access rights as in the VMCS, SDM vol. 3, 25.4.1.
void Vmx::load_flat_segments(Cpu&, const FlatSegments& segments) {
  constexpr u32 code = 0x9b, data = 0x93, long_mode = 1u << 13, default_32 = 1u << 14, pages = 1u << 15;
  constexpr u32 limit = 0xffffffff;
  const u32 level = static_cast<u32>(segments.level) << 5;
  vmwrite(Field16::GUEST_CS_SELECTOR, segments.cs);
  vmwrite(FieldNatural::GUEST_CS_BASE, 0);
  vmwrite(Field32::GUEST_CS_LIMIT, limit);
  vmwrite(Field32::GUEST_CS_ACCESS_RIGHTS, code | level | pages | (segments.bits == 64 ? long_mode : default_32));
  vmwrite(Field16::GUEST_SS_SELECTOR, segments.ss);
  vmwrite(FieldNatural::GUEST_SS_BASE, 0);
  vmwrite(Field32::GUEST_SS_LIMIT, limit);
  vmwrite(Field32::GUEST_SS_ACCESS_RIGHTS, data | level | pages | default_32);
}

void Vmx::flush(Cpu& cpu) {
  cpu::invept(cpu.invept_type, cpu.ept_pointer);
}

void Vmx::set_tsc_offset(Cpu&, u64 offset) {
  vmwrite(Field64::TSC_OFFSET, offset);
}

void Vmx::describe(const Cpu& cpu) {
  report("exit reason ", Hex{vmread(Field32::EXIT_REASON)}, " qualification ",
         Hex{vmread(FieldNatural::EXIT_QUALIFICATION)}, " physical ", Hex{vmread(Field64::GUEST_PHYSICAL_ADDRESS)},
         " linear ", Hex{vmread(FieldNatural::GUEST_LINEAR_ADDRESS)}, " interruption ",
         Hex{vmread(Field32::EXIT_INTERRUPTION_INFORMATION)}, " vectoring ",
         Hex{vmread(Field32::IDT_VECTORING_INFORMATION)}, " injection ",
         Hex{vmread(Field32::ENTRY_INTERRUPTION_INFORMATION)}, " instruction error ",
         Hex{vmread(Field32::INSTRUCTION_ERROR)}, "\n");
  report("guest rip ", Hex{vmread(FieldNatural::GUEST_RIP)}, " rsp ", Hex{vmread(FieldNatural::GUEST_RSP)}, " rflags ",
         Hex{vmread(FieldNatural::GUEST_RFLAGS)}, " cs rights ", Hex{vmread(Field32::GUEST_CS_ACCESS_RIGHTS)},
         " ss rights ", Hex{vmread(Field32::GUEST_SS_ACCESS_RIGHTS)}, " interruptibility ",
         Hex{vmread(Field32::GUEST_INTERRUPTIBILITY_STATE)}, " activity ", Hex{vmread(Field32::GUEST_ACTIVITY_STATE)},
         "\n");
  report("guest cr0 ", Hex{vmread(FieldNatural::GUEST_CR0)}, " cr2 ", Hex{cpu.cr2}, " cr3 ",
         Hex{vmread(FieldNatural::GUEST_CR3)}, " cr4 ", Hex{vmread(FieldNatural::GUEST_CR4)}, " efer ",
         Hex{vmread(Field64::GUEST_EFER)}, "\n");
}

static_assert(Backend<Vmx>);

}  // namespace hyperdbg::vmx
