// SPDX-License-Identifier: MIT
#include "hypervisor/cpu/instructions.hpp"
#include "tests/payload/test.hpp"
#include "tests/payload/tests.hpp"

// A guest that steps itself with RFLAGS.TF, and interrupt shadows: what must look as it does without us.
namespace hyperdbg::payload {

namespace {

constexpr u64 trap = 0x100, step = 1 << 14;  // RFLAGS.TF, DR6.BS

// The first trap ends stepping, and the guest goes on.
void trap_once(ExceptionFrame& frame) {
  frame.rflags &= ~trap;
  cpu::write_dr<6>(0xffff0ff0);
}

void expect_trap(const void* rip, Where where = Where::current()) {
  expect_equal(caught.count, 1, "the number of traps", where);
  expect_equal(caught.vector, 1, "the vector", where);
  expect_equal(caught.rip, reinterpret_cast<u64>(rip), "RIP of the trap", where);
  expect_equal(caught.dr6 & step, step, "DR6.BS", where);
}

void own_trap() {
  on_exception = trap_once;
  expect_end(run(guest_step_nop));
  expect_trap(guest_step_nop_end);
}

// The instruction exits; the trap behind it is raised all the same.
void over_cpuid() {
  watch(HYPERDBG_EVENT_CPUID);
  on_exception = trap_once;
  call(guest_step_cpuid);
  expect_equal(exits(ExitKind::cpuid), 1, "the number of exits");
  expect_trap(guest_step_cpuid_end);
}

void over_rdmsr() {
  watch(HYPERDBG_EVENT_RDMSR, static_cast<u32>(x86::Msr::LSTAR));
  on_exception = trap_once;
  call(guest_step_rdmsr);
  expect_equal(exits(ExitKind::rdmsr), 1, "the number of exits");
  expect_trap(guest_step_rdmsr_end);
}

// The instruction faults instead: one exception, at the instruction, and no trap.
void over_a_fault() {
  watch(HYPERDBG_EVENT_RDMSR, 0xc0000000);
  expect_exit(run(guest_step_rdmsr_c0000000), ExitKind::rdmsr);
  const u64 rip = read(HYPERDBG_RIP);
  processor->inject_general_protection(vcpu());
  expect_end(resume());
  expect_caught(13, 0, rip);
}

// The instruction is executed in two goes, with a nested page fault between them: one trap.
void over_a_nested_fault() {
  on_exception = trap_once;
  protect(test_page(0), read_only);
  const Exit exit = run(guest_step_store, {reinterpret_cast<u64>(test_page(0))});
  expect_nested_fault(exit, NestedAccess::write, test_page(0));
  expect_equal(caught.count, 0, "the number of traps so far");
  protect(test_page(0), all_permissions);
  expect_end(resume());
  expect_trap(guest_step_store_end);
}

// Root mode moves RIP behind the instruction without executing it: RF goes, as after any instruction.
void advance_clears_rf() {
  watch(HYPERDBG_EVENT_CPUID);
  const Exit exit = run([] { cpu::cpuid(0, 0); });
  expect_exit(exit, ExitKind::cpuid);
  write(HYPERDBG_RFLAGS, read(HYPERDBG_RFLAGS) | 1 << 16);
  processor->advance(vcpu(), exit.length);
  expect_equal(read(HYPERDBG_RFLAGS) >> 16 & 1, 0, "RFLAGS.RF");
}

void advance_keeps_flags() {
  watch(HYPERDBG_EVENT_CPUID);
  const Exit exit = run([] { cpu::cpuid(0, 0); });
  write(HYPERDBG_RFLAGS, 0x200ed7);
  processor->advance(vcpu(), exit.length);
  expect_equal(read(HYPERDBG_RFLAGS), 0x200ed7, "RFLAGS");
}

// An interrupt that waits is taken right behind the instruction in the shadow, not one later.
void shadow_ends() {
  watch(HYPERDBG_EVENT_CPUID);
  call(guest_sti_cpuid);
  expect_equal(exits(ExitKind::cpuid), 1, "the number of exits");
  expect_equal(interrupts, 1, "the number of interrupts");
  expect_equal(interrupted_rip, reinterpret_cast<u64>(guest_sti_cpuid_end), "where the interrupt came");
}

// An instruction in the shadow that is executed again is in it still.
void shadow_lasts() {
  protect(test_page(0), read_only);
  const Exit exit = run(guest_sti_store, {reinterpret_cast<u64>(test_page(0))});
  expect_nested_fault(exit, NestedAccess::write, test_page(0));
  protect(test_page(0), all_permissions);
  expect_end(resume());
  expect_equal(interrupts, 1, "the number of interrupts");
  expect_equal(interrupted_rip, reinterpret_cast<u64>(guest_sti_store_end), "where the interrupt came");
}

void interrupt_needs_no_exit() {
  expect_end(run([] {
    interrupt_self();
    asm volatile("sti; nop; nop; cli");
  }));
  expect_equal(interrupts, 1, "the number of interrupts");
}

// While IF is 0 it waits, whatever root mode does.
void interrupt_waits() {
  watch(HYPERDBG_EVENT_CPUID);
  const u64 early = call([] {
    interrupt_self();
    cpu::cpuid(0, 0);
    cpu::cpuid(0, 0);
    const u64 result = interrupts;
    asm volatile("sti; nop; nop; cli");
    return result;
  });
  expect_equal(early, 0, "the number of interrupts while IF is 0");
  expect_equal(interrupts, 1, "the number of interrupts");
}

// A breakpoint of the guest's own, set before an exit, is hit after it.
void own_breakpoint() {
  watch(HYPERDBG_EVENT_CPUID);
  on_exception = [](ExceptionFrame& frame) {
    frame.rflags |= 1 << 16;  // RF: go on over it
  };
  call([] {
    cpu::write_dr<0>(reinterpret_cast<u64>(guest_nop_only_end));
    cpu::write_dr<7>(0x402);
    cpu::cpuid(0, 0);
    asm volatile("call guest_nop_only" ::: "memory");
    cpu::write_dr<7>(0x400);
  });
  expect_equal(caught.count, 1, "the number of breakpoints");
  expect_equal(caught.vector, 1, "the vector");
  expect_equal(caught.rip, reinterpret_cast<u64>(guest_nop_only_end), "RIP of the breakpoint");
}

// One that root mode sets by writing DR0 and DR7.
void breakpoint_of_root_mode() {
  watch(HYPERDBG_EVENT_CPUID);
  on_exception = [](ExceptionFrame& frame) { frame.rflags |= 1 << 16; };
  const Exit exit = run([] {
    cpu::cpuid(0, 0);
    asm volatile("call guest_nop_only" ::: "memory");
    cpu::write_dr<7>(0x400);
  });
  expect_exit(exit, ExitKind::cpuid);
  write(HYPERDBG_DR0, reinterpret_cast<u64>(guest_nop_only_end));
  write(HYPERDBG_DR7, 0x402);
  processor->dispatch(vcpu(), exit);
  expect_end(resume());
  expect_equal(caught.count, 1, "the number of breakpoints");
}

constexpr Test rows[] = {
    {"step: the guest's own trap", own_trap},
    {"step: over CPUID", over_cpuid},
    {"step: over RDMSR", over_rdmsr},
    {"step: over an instruction that faults", over_a_fault},
    {"step: over a nested page fault", over_a_nested_fault},
    {"advance: clears RF", advance_clears_rf},
    {"advance: keeps the other flags", advance_keeps_flags},
    {"shadow: of STI ends behind CPUID", shadow_ends},
    {"shadow: of STI lasts over a nested page fault", shadow_lasts},
    {"interrupt: needs no exit", interrupt_needs_no_exit},
    {"interrupt: waits while IF is 0", interrupt_waits},
    {"breakpoint: the guest's own", own_breakpoint},
    {"breakpoint: set by root mode", breakpoint_of_root_mode},
};

}  // namespace

constinit const Area step_tests = rows;

}  // namespace hyperdbg::payload
