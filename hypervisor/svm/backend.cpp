// SPDX-License-Identifier: MIT
#include "hypervisor/svm/backend.hpp"

#include "hypervisor/core/fault_report.hpp"
#include "hypervisor/core/guest.hpp"
#include "hypervisor/core/guest_cpuid.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/cpu/routines.hpp"
#include "x86/registers.hpp"

namespace hyperdbg::svm {

using x86::svm::EventInjection;
using x86::svm::EventType;
using x86::svm::ExitCode;
namespace intercept3 = x86::svm::intercept3;

namespace {

// QEMU reports external interrupts and NMIs whose delivery was interrupted as exceptions (type 3); re-injecting those
// as they stand ends in VMEXIT_INVALID. No exception has such a vector, so nothing changes where the type was right.
EventInjection mended(EventInjection event) {
  if (event.get(EventInjection::type) != EventType::exception) return event;
  const u8 vector = event.get(EventInjection::vector);
  if (vector >= 32) return event.with(EventInjection::type, EventType::external_interrupt);
  if (vector == 2) return event.with(EventInjection::type, EventType::nmi);
  return event;
}

// The event whose delivery this exit interrupted, to be delivered again. INT n, INT3 and INTO are not: RIP still stands
// at the instruction, which the guest executes again. As an injected event it would return to itself.
EventInjection interrupted_event(const SvmCpu& cpu) {
  const EventInjection event = cpu.vmcb->exitintinfo;
  if (!event.get(EventInjection::valid)) return {};
  const EventType type = event.get(EventInjection::type);
  const u8 vector = event.get(EventInjection::vector);
  const bool by_instruction = type == EventType::software_interrupt ||
                              (type == EventType::exception && (vector == static_cast<u8>(x86::Vector::breakpoint) ||
                                                                vector == static_cast<u8>(x86::Vector::overflow)));
  const bool injected = cpu.injected.get(EventInjection::valid) && cpu.injected.get(EventInjection::vector) == vector;
  return by_instruction && !injected ? EventInjection{} : mended(event);
}

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

// The guest reached the IRET that ends its NMI handler. A waiting NMI must not arrive before that instruction is done:
// it is injected at the next exit with another RIP.
void iret_reached(SvmCpu& cpu) {
  cpu.nmi_masked = false;
  cpu.nmi_iret_rip = cpu.vmcb->rip;
  cpu.vmcb->intercept3 &= ~intercept3::IRET;
}

void deliver_waiting_nmi(SvmCpu& cpu) {
  if (!cpu.nmi_pending || cpu.nmi_masked || cpu.vmcb->rip == cpu.nmi_iret_rip) return;
  if (cpu.vmcb->eventinj.get(EventInjection::valid)) return;
  cpu.nmi_pending = false;
  Svm::inject_nmi(cpu);
}

void inject(SvmCpu& cpu, u8 vector, EventType type, bool has_error_code, u32 error_code) {
  cpu.injected = EventInjection{}
                     .with(EventInjection::vector, vector)
                     .with(EventInjection::type, type)
                     .with(EventInjection::error_code_valid, has_error_code)
                     .with(EventInjection::error_code, error_code)
                     .with(EventInjection::valid, true);
  cpu.vmcb->eventinj = cpu.injected;
}

}  // namespace

Exit Svm::decode(Cpu& cpu) {
  x86::svm::Vmcb& vmcb = *cpu.vmcb;
  vmcb.tlb_control = x86::svm::TlbControl::none;
  vmcb.clean = 0;  // what changed since the last VMRUN is not tracked field by field
  cpu.injected = interrupted_event(cpu);
  vmcb.eventinj = cpu.injected;
  if (cpu.nmi_pending) deliver_waiting_nmi(cpu);

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
      return {.kind = ExitKind::unknown, .length = 0, .io = {}};
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
  inject_exception(cpu, static_cast<u8>(x86::Vector::debug));
}

void Svm::cpuid(Cpu& cpu) {
  execute_cpuid(cpu, cpu.vmcb->cr4);
}

void Svm::inject_exception(Cpu& cpu, u8 vector) {
  inject(cpu, vector, EventType::exception, false, 0);
}

void Svm::inject_general_protection(Cpu& cpu) {
  inject(cpu, static_cast<u8>(x86::Vector::general_protection), EventType::exception, true, 0);
}

// APM vol. 2, 15.20: an injected NMI is not blocked by the one whose handler still runs, so that is tracked here.
void Svm::inject_nmi(Cpu& cpu) {
  if (cpu.nmi_masked || cpu.vmcb->eventinj.get(EventInjection::valid)) {
    cpu.nmi_pending = true;
    return;
  }
  inject(cpu, 2, EventType::nmi, false, 0);
  cpu.nmi_masked = true;
  cpu.nmi_iret_rip = 0;
  cpu.vmcb->intercept3 |= intercept3::IRET;
}

bool Svm::take_nmi(Cpu& cpu) {
  cpu.nmi_taken = false;
  svm_take_nmi();
  return cpu.nmi_taken;
}

u32 Svm::code_bits(const Cpu& cpu) {
  constexpr u16 long_mode = 1u << 9, default_32 = 1u << 10;  // L and D of the descriptor in VMCB attributes
  if ((cpu.vmcb->efer & x86::Efer::lma.mask) != 0 && (cpu.vmcb->cs.attributes & long_mode) != 0) return 64;
  return (cpu.vmcb->cs.attributes & default_32) != 0 ? 32 : 16;
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
