// SPDX-License-Identifier: MIT
#pragma once
#include "base/types.hpp"
#include "tests/payload/selectors.h"

// The guest's side: segments, interrupts, memory for tests. It shares the program and its variables with root mode.
namespace hyperdbg::payload {

// As hypervisor/cpu/exceptions.S pushes it.
struct ExceptionFrame {
  u64 r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
  u64 vector, error_code;
  u64 rip, cs, rflags, rsp, ss;
};

// What the guest's exception handler saw last.
struct Caught {
  u32 count;
  u64 vector, error_code, rip, cs, rflags, rsp;
  u64 cr2, dr6;
};
extern volatile Caught caught;
void reset_caught();

// Called by the handler; then the guest goes on where the frame says. Null: the guest function ends with 0.
using OnException = void (*)(ExceptionFrame&);
extern OnException on_exception;

inline constexpr u8 interrupt_vector = 0x40;  // its gate only counts
extern volatile u32 interrupts;
extern volatile u64 interrupted_rip;
void acknowledge_interrupt();

// Sends this CPU an interrupt, or an NMI, through its local APIC.
void interrupt_self();
void nmi_self();

// Segments, TSS, IDT and APIC, on bare metal.
void set_up_guest();
// GDTR and IDTR again, after a test that made the guest lose them.
void load_guest_tables();

// Pages that tests play with; test_page(i) is identity-mapped like everything else.
inline constexpr u32 test_pages = 8;
u8* test_page(u32 index);
const void* idt_page();

u64 kernel_stack_top();
u64 user_stack_top();  // where a function finds the address to return to: the end
u32 guest_gdt_limit();

}  // namespace hyperdbg::payload

// What routines.S defines; the comments on arguments stand there.
#pragma GCC visibility push(hidden)
extern "C" {
void guest_end_amd();
void guest_end_intel();
void guest_enter_user(hyperdbg::u64 code, hyperdbg::u64 stack);
hyperdbg::u64 guest_cpuid_32();
hyperdbg::u64 guest_cpuid_16();
void guest_wrmsr_at_start(hyperdbg::u32 msr, hyperdbg::u64 value);
void guest_patterns(hyperdbg::u64* values);
void guest_ud2();
void guest_int3();
hyperdbg::u64 guest_load(hyperdbg::u64 address);
void guest_load_ds(hyperdbg::u64 selector);
// Of boot.S: the guest's root, and the table below it with entries of 1 GiB each.
extern hyperdbg::u64 payload_root[512], guest_low_memory[512];
extern const hyperdbg::u8 guest_wrmsr_instruction[], guest_patterns_cpuid[];
// RFLAGS.TF is set by the instruction before the one that is named; ..._end is behind it.
void guest_step_nop();
void guest_step_cpuid();
void guest_step_rdmsr();
void guest_step_rdmsr_c0000000();
void guest_step_store(hyperdbg::u64 address);
extern const hyperdbg::u8 guest_step_nop_end[], guest_step_cpuid_end[], guest_step_rdmsr_end[], guest_step_store_end[];
void guest_nop_only();
extern const hyperdbg::u8 guest_nop_only_end[];
// An interrupt waits when the named instruction executes in STI's shadow; ..._end is behind it.
void guest_sti_cpuid();
void guest_sti_store(hyperdbg::u64 address);
extern const hyperdbg::u8 guest_sti_cpuid_end[], guest_sti_store_end[];
}
#pragma GCC visibility pop
