// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/backend.hpp"
#include "hypervisor/core/event_host.hpp"
#include "hypervisor/core/fault_report.hpp"
#include "hypervisor/core/guest.hpp"
#include "hypervisor/core/halt.hpp"
#include "hypervisor/core/hypercall.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/core/nmi.hpp"
#include "hypervisor/core/script_events.hpp"
#include "hypervisor/cpu/instructions.hpp"

// From a #VMEXIT back to the guest; one instantiation for each vendor.
namespace hyperdbg {

// Pre stage, the effect unless an event suppressed it, post stage. `effect` returns false when it ended in a fault of
// the guest's, which is then injected already.
template <Backend B, class Effect>
void run_trigger(typename B::Cpu& cpu, u8 length, const Trigger& trigger, Effect effect) {
  EventHostCpu host(cpu, trigger.context);
  cpu.instruction_pointer_set = false;
  const Outcome outcome = machine.engine.run_pre(host, trigger);
  if (outcome.next == Next::redirected) return;
  if (outcome.next == Next::skip) return B::advance(cpu, length);
  if (!effect()) return;
  B::advance(cpu, length);
  if (outcome.post) machine.engine.run_post(host, trigger);
}

template <Backend B>
void handle_cpuid(typename B::Cpu& cpu, u8 length) {
  const u64 leaf = static_cast<u32>(cpu.registers.rax);
  run_trigger<B>(cpu, length, {HYPERDBG_EVENT_CPUID, leaf, leaf}, [&] {
    B::cpuid(cpu);
    return true;
  });
}

template <Backend B>
void handle_rdmsr(typename B::Cpu& cpu, u8 length) {
  if (!B::privileged(cpu)) return B::inject_general_protection(cpu);
  const u64 msr = static_cast<u32>(cpu.registers.rcx);
  run_trigger<B>(cpu, length, {HYPERDBG_EVENT_RDMSR, msr, msr}, [&] {
    u64 value = 0;
    if (B::read_msr(cpu, static_cast<u32>(cpu.registers.rcx), value) != MsrResult::done) {
      B::inject_general_protection(cpu);
      return false;
    }
    cpu.registers.rax = static_cast<u32>(value);
    cpu.registers.rdx = value >> 32;
    return true;
  });
}

template <Backend B>
void handle_wrmsr(typename B::Cpu& cpu, u8 length) {
  if (!B::privileged(cpu)) return B::inject_general_protection(cpu);
  const u64 msr = static_cast<u32>(cpu.registers.rcx);
  run_trigger<B>(cpu, length, {HYPERDBG_EVENT_WRMSR, msr, msr}, [&] {
    const u64 value = static_cast<u32>(cpu.registers.rax) | cpu.registers.rdx << 32;
    if (B::write_msr(cpu, static_cast<u32>(cpu.registers.rcx), value) == MsrResult::done) return true;
    B::inject_general_protection(cpu);
    return false;
  });
}

template <Backend B>
void handle_hypercall(typename B::Cpu& cpu, u8 length) {
  if (!hypercall_is_ours(cpu, B::privileged(cpu))) return B::inject_exception(cpu, 6);  // #UD, as on bare hardware
  B::advance(cpu, length);
  if (cpu.registers.rax == HYPERDBG_CALL_LEAVE) B::leave(cpu);
  run_hypercall(cpu);
}

// The debugger's UART is not there for the guest.
template <Backend B>
void handle_io(typename B::Cpu& cpu, const Exit& exit) {
  if (exit.io.in && !exit.io.string) {
    constexpr u64 all_ones = 0xffffffff;  // a 32-bit result clears the upper half, smaller ones leave the rest alone
    cpu.registers.rax = exit.io.size == 4 ? all_ones : cpu.registers.rax | ((1ull << (8 * exit.io.size)) - 1);
  }
  B::advance(cpu, exit.length);
}

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
[[noreturn]] void handle_end(typename B::Cpu& cpu, const char* what) {
  report("\nhyperdbg: ", what, " on CPU ", Hex{cpu.core}, "\n");
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
    case ExitKind::hypercall:
      return handle_hypercall<B>(cpu, exit.length);
    case ExitKind::nmi:
      return handle_nmi(cpu);
    case ExitKind::io:
      return handle_io<B>(cpu, exit);
    case ExitKind::nested_fault:
      return handle_nested_fault<B>(cpu, exit.nested_fault);
    case ExitKind::undefined:
      return B::inject_exception(cpu, 6);
    case ExitKind::shutdown:
      handle_end<B>(cpu, "the guest shut down (triple fault)");
    case ExitKind::unknown:
      handle_end<B>(cpu, "an exit that nobody asked for");
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
