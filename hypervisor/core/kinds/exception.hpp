// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/fault_report.hpp"
#include "hypervisor/core/kinds/system_call.hpp"
#include "hypervisor/core/kinds/trigger.hpp"
#include "hypervisor/core/nmi.hpp"
#include "x86/registers.hpp"

namespace hyperdbg {

// The exception goes in the place of what was being delivered when it arose.
template <Backend B>
void deliver_in_place(typename B::Cpu& cpu, const ExceptionInfo& exception, u8 length) {
  Injection displaced;
  const bool displaces = B::injecting(cpu, displaced);
  B::deliver(cpu, exception, length);
  if (displaces) inject_later(cpu, displaced);
}

// !exception: key and $context are the vector. RIP stands at the instruction, or behind it where the exception is a
// trap; of INT3 and INTO it stands at them until the exception is delivered. Error code and CR2 are the guest's from
// post on. Skipped: the guest goes on where RIP stands, behind INT3 and INTO.
template <Backend B>
void deliver_exception(typename B::Cpu& cpu, const ExceptionInfo& exception, u8 length) {
  const u64 vector = exception.injection.vector;
  run_trigger<B>(
      cpu, {HYPERDBG_EVENT_EXCEPTION, vector, vector},
      [&] {
        deliver_in_place<B>(cpu, exception, length);
        return true;
      },
      [&] {
        if (length != 0) B::advance(cpu, length);
      });
}

// While another exception is being delivered the two may become a double fault, and that is what events see.
template <Backend B>
void handle_exception(typename B::Cpu& cpu, const Exit& exit) {
  ExceptionInfo exception = exit.exception;
  if (handle_system_call_exception<B>(cpu, exception.injection.vector)) return;
  Injection first;
  if (B::injecting(cpu, first) && first.type == InjectionType::exception) {
    switch (collide(first.vector, exception.injection.vector)) {
      case Collision::serial:
        break;
      case Collision::double_fault:
        exception = {fault_of(static_cast<u8>(x86::Vector::double_fault), 0), 0};
        break;
      case Collision::shutdown:
        end_guest(cpu, "the guest shut down (triple fault)");
    }
  }
  deliver_exception<B>(cpu, exception, exit.length);
}

// NMIs of a stop, and those of the debugger's line, are no triggers: the guest never gets them.
template <Backend B>
void handle_nmi(typename B::Cpu& cpu) {
  if (!take_nmi(cpu)) return;
  const u64 vector = static_cast<u64>(x86::Vector::nmi);
  run_trigger<B>(
      cpu, {HYPERDBG_EVENT_EXCEPTION, vector, vector},
      [&] {
        B::inject_nmi(cpu);
        return true;
      },
      [] {});
}

}  // namespace hyperdbg
