// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/fault_report.hpp"
#include "hypervisor/core/halt.hpp"
#include "hypervisor/core/hypercall.hpp"
#include "hypervisor/core/kinds/control_register.hpp"
#include "hypervisor/core/kinds/cpuid.hpp"
#include "hypervisor/core/kinds/debug_register.hpp"
#include "hypervisor/core/kinds/exception.hpp"
#include "hypervisor/core/kinds/interrupt.hpp"
#include "hypervisor/core/kinds/io.hpp"
#include "hypervisor/core/kinds/msr.hpp"
#include "hypervisor/core/kinds/pmc.hpp"
#include "hypervisor/core/kinds/system_call.hpp"
#include "hypervisor/core/kinds/tsc.hpp"
#include "hypervisor/core/kinds/vmcall.hpp"
#include "hypervisor/core/kinds/xsetbv.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/core/nmi.hpp"
#include "hypervisor/core/script_events.hpp"
#include "hypervisor/cpu/instructions.hpp"

// From a #VMEXIT back to the guest; one instantiation for each vendor.
namespace hyperdbg {

template <Backend B>
void handle_nested_fault(typename B::Cpu& cpu, const NestedFaultInfo& fault) {
  machine.stop.acquire(cpu);
  const Status status = machine.resolve_fault(fault.address, fault.access);
  machine.stop.release();
  resume_cpu(cpu);
  B::flush(cpu);
  if (status == HYPERDBG_OK) return;
  constexpr const char* names[] = {"read", "write", "fetch"};
  report("\nhyperdbg: nested page fault, ", names[static_cast<u8>(fault.access)], " at physical ",
         Hex{raw(fault.address)}, " on CPU ", Hex{cpu.core}, "\n");
  stop_machine(cpu);
}

template <Backend B>
void dispatch(typename B::Cpu& cpu, const Exit& exit) {
  switch (exit.kind) {
    case ExitKind::handled:
      return;
    case ExitKind::cpuid:
      return handle_cpuid<B>(cpu, exit.length);
    case ExitKind::rdmsr:
      return handle_rdmsr<B>(cpu, exit.length);
    case ExitKind::wrmsr:
      return handle_wrmsr<B>(cpu, exit.length);
    case ExitKind::rdtsc:
      return handle_tsc<B>(cpu, exit.length, false);
    case ExitKind::rdtscp:
      return handle_tsc<B>(cpu, exit.length, true);
    case ExitKind::rdpmc:
      return handle_pmc<B>(cpu, exit.length);
    case ExitKind::xsetbv:
      return handle_xsetbv<B>(cpu, exit.length);
    case ExitKind::debug_register:
      return handle_debug_register<B>(cpu, exit);
    case ExitKind::control_register:
      return handle_control_register<B>(cpu, exit);
    case ExitKind::hypercall:
      return handle_hypercall<B>(cpu, exit.length);
    case ExitKind::exception:
      return handle_exception<B>(cpu, exit);
    case ExitKind::interrupt_call:
      return handle_interrupt_call<B>(cpu, exit);
    case ExitKind::sysenter:
      return handle_sysenter<B>(cpu, exit.length);
    case ExitKind::interrupt:
      handle_interrupt<B>(cpu, exit.interrupt);
      if (cpu.nmi_taken) handle_nmi<B>(cpu);  // it came while the interrupt was acknowledged
      return;
    case ExitKind::interrupt_window:
      return deliver_interrupts(cpu);
    case ExitKind::nmi:
      return handle_nmi<B>(cpu);
    case ExitKind::io:
      return handle_io<B>(cpu, exit);
    case ExitKind::nested_fault:
      return handle_nested_fault<B>(cpu, exit.nested_fault);
    case ExitKind::undefined:
      return raise<B>(cpu, invalid_opcode_fault);
    case ExitKind::shutdown:
      end_guest(cpu, "the guest shut down (triple fault)");
    case ExitKind::unknown:
      end_guest(cpu, "an exit that nobody asked for");
  }
}

// From the first look at the exit to the last thing before the entry.
template <Backend B, class Decode>
void handle(typename B::Cpu& cpu, Decode decode) {
  cpu.entry_ticks = cpu::rdtsc();
  dispatch<B>(cpu, decode());
  if (cpu.spoke) {
    cpu.spoke = false;
    if (machine.link.active()) machine.link.send_records(cpu);
  }
  if (machine.engine.inside(cpu.core)) {
    machine.engine.account(cpu.core, cpu::rdtsc() - cpu.entry_ticks);
    if (cpu.removals_wait) remove_cleared_events(cpu);
  }
}

template <Backend B>
void handle_exit(typename B::Cpu& cpu) {
  ++cpu.exits;
  handle<B>(cpu, [&] { return B::decode(cpu); });
}

// For processors where NMIs reach root mode: one has, and the guest is about to go on.
template <Backend B>
void handle_nmi_before_entry(typename B::Cpu& cpu) {
  Exit nmi{};
  nmi.kind = ExitKind::nmi;
  handle<B>(cpu, [&] { return nmi; });
}

}  // namespace hyperdbg
