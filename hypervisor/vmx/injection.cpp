// SPDX-License-Identifier: MIT
#include "hypervisor/core/machine.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "hypervisor/vmx/backend.hpp"
#include "x86/registers.hpp"

// What an entry delivers to the guest: Intel SDM vol. 3, 27.6 "Event Injection".
namespace hyperdbg::vmx {

using cpu::vmread;
using cpu::vmwrite;
using x86::vmx::ActivityState;
using x86::vmx::Field32;
using x86::vmx::Field64;
using x86::vmx::FieldNatural;
using x86::vmx::Interruptibility;
using x86::vmx::InterruptionInformation;
using x86::vmx::InterruptionType;

namespace {

InterruptionInformation to_be_injected() {
  return InterruptionInformation{vmread(Field32::ENTRY_INTERRUPTION_INFORMATION)};
}

void set_window_exiting(u32 bit, bool on) {
  const u32 controls = vmread(Field32::PRIMARY_CONTROLS);
  vmwrite(Field32::PRIMARY_CONTROLS, on ? controls | bit : controls & ~bit);
}

// An injection by an instruction needs its length, which may not be 0: a script's returns to where RIP stands all the
// same.
void set_instruction_length(u8 length) {
  if (length == 0) vmwrite(FieldNatural::GUEST_RIP, vmread(FieldNatural::GUEST_RIP) - 1);
  vmwrite(Field32::ENTRY_INSTRUCTION_LENGTH, length == 0 ? u32{1} : u32{length});
}

}  // namespace

Interruptibility interruptibility() {
  return Interruptibility{vmread(Field32::GUEST_INTERRUPTIBILITY_STATE)};
}
void set_interruptibility(Interruptibility state) {
  vmwrite(Field32::GUEST_INTERRUPTIBILITY_STATE, static_cast<u32>(state.value));
}

// 28.2.4 "Information for VM Exits During Event Delivery": what this exit interrupted is delivered again, by the rules
// of 27.2.1.3.
void keep_interrupted_event(InterruptionInformation interrupted) {
  if (interrupted.get(InterruptionInformation::error_code_valid))
    vmwrite(Field32::ENTRY_EXCEPTION_ERROR_CODE, vmread(Field32::IDT_VECTORING_ERROR_CODE));
  if (interrupted.by_instruction())
    vmwrite(Field32::ENTRY_INSTRUCTION_LENGTH, vmread(Field32::EXIT_INSTRUCTION_LENGTH));
  // The delivery of an NMI had begun, so NMIs count as blocked already; an entry that injects one may not have that.
  if (interrupted.get(InterruptionInformation::type) == InterruptionType::nmi)
    set_interruptibility(interruptibility().with(Interruptibility::blocking_by_nmi, false));
  vmwrite(Field32::ENTRY_INTERRUPTION_INFORMATION,
          static_cast<u32>(interrupted.with(InterruptionInformation::nmi_unblocking, false).value));
}

void Vmx::inject(Cpu&, const Injection& injection) {
  const auto information = InterruptionInformation{}
                               .with(InterruptionInformation::vector, injection.vector)
                               .with(InterruptionInformation::type, static_cast<InterruptionType>(injection.type))
                               .with(InterruptionInformation::error_code_valid, injection.has_error_code)
                               .with(InterruptionInformation::valid, true);
  if (injection.has_error_code) vmwrite(Field32::ENTRY_EXCEPTION_ERROR_CODE, injection.error_code);
  if (information.by_instruction()) set_instruction_length(injection.length);
  // A CPU in HLT takes no exceptions (27.3.1.5).
  vmwrite(Field32::GUEST_ACTIVITY_STATE, static_cast<u32>(ActivityState::active));
  vmwrite(Field32::ENTRY_INTERRUPTION_INFORMATION, static_cast<u32>(information.value));
}

// INT n, INT3 and INTO whose delivery was interrupted are not in the way of an exception: RIP stands at them still, and
// the guest executes them again.
bool Vmx::injecting(const Cpu&, Injection& pending) {
  const InterruptionInformation information = to_be_injected();
  if (!information.get(InterruptionInformation::valid)) return false;
  pending = {.type = static_cast<InjectionType>(information.get(InterruptionInformation::type)),
             .vector = information.get(InterruptionInformation::vector),
             .has_error_code = information.get(InterruptionInformation::error_code_valid),
             .error_code = vmread(Field32::ENTRY_EXCEPTION_ERROR_CODE)};
  return true;
}

// 28.2.1: what the processor leaves undone when an exception exits: CR2 of #PF, and DR6, DR7 and DEBUGCTL of #DB.
void Vmx::deliver(Cpu& cpu, const ExceptionInfo& exception, u8 length) {
  switch (static_cast<x86::Vector>(exception.injection.vector)) {
    case x86::Vector::page_fault:
      cpu.cr2 = exception.detail;
      break;
    case x86::Vector::debug: {
      constexpr u64 lbr_and_btf = 3, reported = 0xe00f;
      cpu::write_dr<6>(cpu::read_dr<6>() | (exception.detail & reported));
      vmwrite(FieldNatural::GUEST_DR7, x86::Dr7{vmread(FieldNatural::GUEST_DR7)}.with(x86::Dr7::gd, false).value);
      vmwrite(Field64::GUEST_DEBUGCTL, vmread(Field64::GUEST_DEBUGCTL) & ~lbr_and_btf);
      break;
    }
    default:
      break;
  }
  Injection injection = exception.injection;
  injection.length = length;
  inject(cpu, injection);
}

// With virtual NMIs the processor itself tracks whether the guest still handles one, and tells when it is done.
void Vmx::inject_nmi(Cpu& cpu) {
  const Interruptibility state = interruptibility();
  if (to_be_injected().get(InterruptionInformation::valid) || state.get(Interruptibility::blocking_by_nmi) ||
      state.get(Interruptibility::blocking_by_mov_ss)) {
    set_window_exiting(x86::vmx::primary::NMI_WINDOW_EXITING, true);
    return;
  }
  // STI holds back interrupts only; waiting for the window would be in vain, which may open in spite of it (26.2).
  if (state.get(Interruptibility::blocking_by_sti))
    set_interruptibility(state.with(Interruptibility::blocking_by_sti, false));
  inject(cpu, {.type = InjectionType::nmi, .vector = static_cast<u8>(x86::Vector::nmi)});
}

void end_nmi_window(VmxCpu& cpu) {
  set_window_exiting(x86::vmx::primary::NMI_WINDOW_EXITING, false);
  Vmx::inject_nmi(cpu);
}

// NMIs come through the image's IDT whenever they like, or by an exit: either way one has been taken by now.
bool Vmx::take_nmi(Cpu& cpu) {
  return __atomic_exchange_n(&cpu.nmi_taken, false, __ATOMIC_SEQ_CST);
}

bool Vmx::takes_interrupts(const Cpu&) {
  return x86::Rflags{vmread(FieldNatural::GUEST_RFLAGS)}.get(x86::Rflags::if_) &&
         (interruptibility().value & Interruptibility::by_instruction) == 0 &&
         !to_be_injected().get(InterruptionInformation::valid);
}

void Vmx::await_interrupt_window(Cpu&) {
  set_window_exiting(x86::vmx::primary::INTERRUPT_WINDOW_EXITING, true);
}

void end_interrupt_window() {
  set_window_exiting(x86::vmx::primary::INTERRUPT_WINDOW_EXITING, false);
}

}  // namespace hyperdbg::vmx
