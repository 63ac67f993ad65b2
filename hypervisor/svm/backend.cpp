// SPDX-License-Identifier: MIT
#include "hypervisor/svm/backend.hpp"

#include "hypervisor/core/fault_report.hpp"
#include "hypervisor/core/guest.hpp"
#include "hypervisor/core/guest_cpuid.hpp"
#include "hypervisor/core/machine.hpp"
#include "x86/registers.hpp"

namespace hyperdbg::svm {

using x86::svm::ExitCode;

namespace {

Exit instruction(ExitKind kind, SvmCpu& cpu, u8 usual_length) {
  Exit exit{.kind = kind, .length = usual_length, .io = {}};
  if (cpu.next_rip_save) {
    exit.length = static_cast<u8>(cpu.vmcb->nrip - cpu.vmcb->rip);
  } else {
    exit.length = instruction_length(cpu, cpu.vmcb->rip, cpu.vmcb->cr3, usual_length, x86::Branches::amd);
  }
  return exit;
}

Exit io(const SvmCpu& cpu) {  // APM vol. 2, 15.10.2: EXITINFO1 describes the access, EXITINFO2 is the next RIP
  const u64 info = cpu.vmcb->exitinfo1;
  Exit exit{.kind = ExitKind::io, .length = static_cast<u8>(cpu.vmcb->exitinfo2 - cpu.vmcb->rip), .io = {}};
  exit.io = {.port = static_cast<u16>(info >> 16),
             .size = static_cast<u8>(info >> 4 & 7),
             .in = (info & 1) != 0,
             .string = (info & 4) != 0};
  return exit;
}

Exit nested_fault(const SvmCpu& cpu) {
  const x86::svm::NestedFault info{cpu.vmcb->exitinfo1};
  Exit exit{.kind = ExitKind::nested_fault, .length = 0, .io = {}};
  const NestedAccess access = info.get(x86::svm::NestedFault::fetch)   ? NestedAccess::fetch
                              : info.get(x86::svm::NestedFault::write) ? NestedAccess::write
                                                                       : NestedAccess::read;
  exit.nested_fault = {.address = PhysicalAddress{cpu.vmcb->exitinfo2}, .access = access};
  return exit;
}

}  // namespace

Exit Svm::decode(Cpu& cpu) {
  x86::svm::Vmcb& vmcb = *cpu.vmcb;
  vmcb.tlb_control = x86::svm::TlbControl::none;
  vmcb.clean = 0;  // what changed since the last VMRUN is not tracked field by field
  keep_interrupted_event(cpu);

  switch (static_cast<ExitCode>(vmcb.exitcode)) {
    case ExitCode::CPUID:
      return instruction(ExitKind::cpuid, cpu, 2);
    case ExitCode::MSR:
      return instruction(vmcb.exitinfo1 != 0 ? ExitKind::wrmsr : ExitKind::rdmsr, cpu, 2);
    case ExitCode::VMMCALL:
      return instruction(ExitKind::hypercall, cpu, 3);
    case ExitCode::NMI:
      return {.kind = ExitKind::nmi, .length = 0, .io = {}};
    case ExitCode::IOIO:
      return io(cpu);
    case ExitCode::NPF:
      return nested_fault(cpu);
    case ExitCode::IRET:
      iret_reached(cpu);
      return {.kind = ExitKind::handled, .length = 0, .io = {}};
    case ExitCode::VINTR:
      end_interrupt_window(cpu);
      return {.kind = ExitKind::interrupt_window, .length = 0, .io = {}};
    case ExitCode::VMRUN:
    case ExitCode::VMLOAD:
    case ExitCode::VMSAVE:
    case ExitCode::STGI:
    case ExitCode::CLGI:
    case ExitCode::SKINIT:
      return {.kind = ExitKind::undefined, .length = 0, .io = {}};
    case ExitCode::SHUTDOWN:
      return {.kind = ExitKind::shutdown, .length = 0, .io = {}};
    default:
      return decode_watched(cpu);
  }
}

void Svm::advance(Cpu& cpu, u8 length) {
  x86::svm::Vmcb& vmcb = *cpu.vmcb;
  vmcb.rip += length;
  if (code_bits(cpu) != 64) vmcb.rip &= 0xffffffff;
  vmcb.interrupt_shadow = 0;
  const x86::Rflags flags{vmcb.rflags};
  vmcb.rflags = flags.with(x86::Rflags::rf, false).value;
  if (!flags.get(x86::Rflags::tf)) return;
  // The guest single-steps: the trap behind this instruction is ours to raise.
  vmcb.dr6 |= x86::Dr6{}.with(x86::Dr6::bs, true).value;
  inject(cpu, fault_of(static_cast<u8>(x86::Vector::debug)));
}

void Svm::cpuid(Cpu& cpu) {
  execute_cpuid(cpu, cpu.vmcb->cr4);
}

u32 Svm::code_bits(const Cpu& cpu) {
  constexpr u16 long_mode = 1u << 9, default_32 = 1u << 10;  // L and D of the descriptor in VMCB attributes
  if ((cpu.vmcb->efer & x86::Efer::lma.mask) != 0 && (cpu.vmcb->cs.attributes & long_mode) != 0) return 64;
  return (cpu.vmcb->cs.attributes & default_32) != 0 ? 32 : 16;
}

// VMCB attributes: type, S, DPL, P; L, D and G. APM vol. 2, 15.5.1.
void Svm::load_flat_segments(Cpu& cpu, const FlatSegments& segments) {
  constexpr u16 code = 0x9b, data = 0x93, long_mode = 1u << 9, default_32 = 1u << 10, pages = 1u << 11;
  constexpr u32 limit = 0xffffffff;
  x86::svm::Vmcb& vmcb = *cpu.vmcb;
  const u16 level = static_cast<u16>(segments.level << 5);
  const u16 size = segments.bits == 64 ? long_mode : default_32;
  vmcb.cs = {
      .selector = segments.cs, .attributes = static_cast<u16>(code | level | size | pages), .limit = limit, .base = 0};
  vmcb.ss = {.selector = segments.ss,
             .attributes = static_cast<u16>(data | level | default_32 | pages),
             .limit = limit,
             .base = 0};
  vmcb.cpl = segments.level;
}

void Svm::describe(const Cpu& cpu) {
  const x86::svm::Vmcb& vmcb = *cpu.vmcb;
  report("exit code ", Hex{vmcb.exitcode}, " info1 ", Hex{vmcb.exitinfo1}, " info2 ", Hex{vmcb.exitinfo2}, " intinfo ",
         Hex{vmcb.exitintinfo.value}, "\n");
  report("guest rip ", Hex{vmcb.rip}, " rsp ", Hex{vmcb.rsp}, " rflags ", Hex{vmcb.rflags}, " cs ",
         Hex{vmcb.cs.selector}, " cpl ", Hex{vmcb.cpl}, "\n");
  report("guest cr0 ", Hex{vmcb.cr0}, " cr2 ", Hex{vmcb.cr2}, " cr3 ", Hex{vmcb.cr3}, " cr4 ", Hex{vmcb.cr4}, " efer ",
         Hex{vmcb.efer}, "\n");
}

static_assert(Backend<Svm>);

}  // namespace hyperdbg::svm
