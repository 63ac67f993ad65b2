// SPDX-License-Identifier: MIT
#include "hypervisor/core/machine.hpp"
#include "hypervisor/cpu/routines.hpp"
#include "hypervisor/svm/backend.hpp"
#include "x86/registers.hpp"

// What VMRUN delivers to the guest: AMD APM vol. 2, 15.20 "Event Injection" and 15.21 "Interrupt and Local APIC
// Support".
namespace hyperdbg::svm {

using x86::svm::EventInjection;
using x86::svm::EventType;
namespace intercept3 = x86::svm::intercept3;
namespace vintr = x86::svm::vintr;

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

void deliver_waiting_nmi(SvmCpu& cpu) {
  if (!cpu.nmi_pending || cpu.nmi_masked || cpu.vmcb->rip == cpu.nmi_iret_rip) return;
  if (cpu.vmcb->eventinj.get(EventInjection::valid)) return;
  cpu.nmi_pending = false;
  Svm::inject_nmi(cpu);
}

EventType event_type(InjectionType type) {
  switch (type) {
    case InjectionType::external_interrupt:
      return EventType::external_interrupt;
    case InjectionType::nmi:
      return EventType::nmi;
    case InjectionType::software_interrupt:
      return EventType::software_interrupt;
    default:
      return EventType::exception;
  }
}

}  // namespace

void keep_interrupted_event(SvmCpu& cpu) {
  cpu.injected = interrupted_event(cpu);
  cpu.vmcb->eventinj = cpu.injected;
  if (cpu.nmi_pending) deliver_waiting_nmi(cpu);
}

// The guest reached the IRET that ends its NMI handler. A waiting NMI must not arrive before that instruction is done:
// it is injected at the next exit with another RIP.
void iret_reached(SvmCpu& cpu) {
  cpu.nmi_masked = false;
  cpu.nmi_iret_rip = cpu.vmcb->rip;
  cpu.vmcb->intercept3 &= ~intercept3::IRET;
}

// Instructions that raise something on purpose return behind themselves; RIP is what is pushed, or nRIP where the
// processor keeps one.
void Svm::inject(Cpu& cpu, const Injection& injection) {
  cpu.vmcb->rip += injection.length;
  if (injection.type == InjectionType::software_interrupt) cpu.vmcb->nrip = cpu.vmcb->rip;
  cpu.injected = EventInjection{}
                     .with(EventInjection::vector, injection.vector)
                     .with(EventInjection::type, event_type(injection.type))
                     .with(EventInjection::error_code_valid, injection.has_error_code)
                     .with(EventInjection::error_code, injection.error_code)
                     .with(EventInjection::valid, true);
  cpu.vmcb->eventinj = cpu.injected;
}

bool Svm::injecting(const Cpu& cpu, Injection& pending) {
  const EventInjection event = cpu.vmcb->eventinj;
  if (!event.get(EventInjection::valid)) return false;
  pending = {.type = static_cast<InjectionType>(event.get(EventInjection::type)),
             .vector = event.get(EventInjection::vector),
             .has_error_code = event.get(EventInjection::error_code_valid),
             .error_code = event.get(EventInjection::error_code)};
  return true;
}

void Svm::deliver(Cpu& cpu, const ExceptionInfo& exception, u8 length) {
  switch (static_cast<x86::Vector>(exception.injection.vector)) {
    case x86::Vector::page_fault:
      write_register(cpu, HYPERDBG_CR2, exception.detail);
      break;
    case x86::Vector::debug:
      cpu.vmcb->dr6 |= exception.detail;
      cpu.vmcb->dr7 = x86::Dr7{cpu.vmcb->dr7}.with(x86::Dr7::gd, false).value;
      break;
    default:
      break;
  }
  Injection injection = exception.injection;
  injection.length = length;
  inject(cpu, injection);
}

// APM vol. 2, 15.20: an injected NMI is not blocked by the one whose handler still runs, so that is tracked here.
void Svm::inject_nmi(Cpu& cpu) {
  if (cpu.nmi_masked || cpu.vmcb->eventinj.get(EventInjection::valid)) {
    cpu.nmi_pending = true;
    return;
  }
  inject(cpu, {.type = InjectionType::nmi, .vector = static_cast<u8>(x86::Vector::nmi)});
  cpu.nmi_masked = true;
  cpu.nmi_iret_rip = 0;
  cpu.vmcb->intercept3 |= intercept3::IRET;
}

bool Svm::take_nmi(Cpu& cpu) {
  if (!cpu.nmi_taken) svm_take_nmi();
  const bool taken = cpu.nmi_taken;
  cpu.nmi_taken = false;
  return taken;
}

bool Svm::takes_interrupts(const Cpu& cpu) {
  constexpr u64 shadow = 1;
  return x86::Rflags{cpu.vmcb->rflags}.get(x86::Rflags::if_) && (cpu.vmcb->interrupt_shadow & shadow) == 0 &&
         !cpu.vmcb->eventinj.get(EventInjection::valid);
}

// A virtual interrupt of the highest priority that is intercepted before the guest sees it. Interrupts from outside
// exit meanwhile, because QEMU forgets a virtual one when it delivers such.
void Svm::await_interrupt_window(Cpu& cpu) {
  cpu.vmcb->vintr |= vintr::V_IRQ | vintr::V_INTR_PRIO_highest | vintr::V_IGN_TPR;
  cpu.vmcb->intercept3 |= intercept3::VINTR | intercept3::INTR;
}

void end_interrupt_window(SvmCpu& cpu) {
  cpu.vmcb->vintr &= ~(vintr::V_IRQ | vintr::V_INTR_PRIO_highest | vintr::V_IGN_TPR);
  cpu.vmcb->intercept3 &= ~intercept3::VINTR;
  if (!machine.engine.watches(HYPERDBG_EVENT_INTERRUPT)) cpu.vmcb->intercept3 &= ~intercept3::INTR;
}

}  // namespace hyperdbg::svm
