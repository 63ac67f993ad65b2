// SPDX-License-Identifier: MIT
#include "tests/payload/guest.hpp"

#include "hypervisor/cpu/instructions.hpp"
#include "tests/payload/root.hpp"
#include "x86/registers.hpp"

#pragma GCC visibility push(hidden)
extern "C" {
extern hyperdbg::u64 payload_gdt[];
extern const hyperdbg::cpu::DescriptorTable payload_gdt_pointer;
extern const hyperdbg::u8 guest_exception_entries[32 * 16];
}
#pragma GCC visibility pop

namespace hyperdbg::payload {

constinit volatile Caught caught{};
constinit OnException on_exception = nullptr;
constinit volatile u32 interrupts = 0;
constinit volatile u64 interrupted_rip = 0;

namespace {

alignas(page_size) constinit u8 pages[test_pages][page_size] = {};
alignas(page_size) constinit u8 kernel_stack[16384] = {};
alignas(16) constinit u8 user_stack[4096] = {};
// A page each, because the nested page tables take them away from the guest in some tests.
alignas(page_size) constinit u64 idt[2 * 256] = {};
alignas(page_size) constinit u32 task_state[26] = {};

// AMD APM vol. 2, 4.8.4: a 64-bit interrupt gate; breakpoints may come from CPL 3.
void set_gate(u8 vector, u64 entry) {
  const u64 attributes = vector == 3 ? 0xee00 : 0x8e00;
  idt[2 * vector] = (entry & 0xffff) | u64{KERNEL_CODE} << 16 | attributes << 32 | (entry & 0xffff0000) << 32;
  idt[2 * vector + 1] = entry >> 32;
}

// In the upper half, as Linux's: root mode puts a TSS of its own at the same address.
void set_task_state() {
  const u64 base = UPPER_ALIAS + reinterpret_cast<u64>(task_state);
  const u64 stack = kernel_stack_top();
  __builtin_memcpy(&task_state[1], &stack, sizeof(stack));
  task_state[25] = sizeof(task_state) << 16;  // no I/O permission map
  payload_gdt[TASK_STATE / 8] =
      (sizeof(task_state) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
  payload_gdt[TASK_STATE / 8 + 1] = base >> 32;
}

constexpr u64 apic = 0xfee00000;  // where it is after reset
constexpr u32 end_of_interrupt = 0xb0, spurious = 0xf0, icr_low = 0x300, icr_high = 0x310, id = 0x20;
volatile u32& apic_register(u32 offset) {
  return *reinterpret_cast<volatile u32*>(apic + offset);
}

[[gnu::interrupt]] void count_interrupt(u64* frame) {
  interrupted_rip = frame[0];
  interrupts = interrupts + 1;
  acknowledge_interrupt();
}

}  // namespace

extern "C" [[gnu::used]] void guest_handle_exception(ExceptionFrame* frame) {
  caught.count = caught.count + 1;
  caught.vector = frame->vector;
  caught.error_code = frame->error_code;
  caught.rip = frame->rip;
  caught.cs = frame->cs;
  caught.rflags = frame->rflags;
  caught.rsp = frame->rsp;
  caught.cr2 = cpu::read_cr2();
  caught.dr6 = cpu::read_dr<6>();
  if (on_exception != nullptr) return on_exception(*frame);
  asm volatile("xor %%eax, %%eax; jmp *%0" ::"c"(processor->guest_end) : "eax");
}

void acknowledge_interrupt() {
  apic_register(end_of_interrupt) = 0;
}

extern "C" [[gnu::used, gnu::visibility("hidden")]] void guest_interrupt_self() {
  interrupt_self();
}

void interrupt_self() {
  constexpr u32 self = 1u << 18;
  apic_register(icr_low) = self | interrupt_vector;
}

// NMIs have no shorthand for the sender itself.
void nmi_self() {
  constexpr u32 delivery_nmi = 4u << 8, level_assert = 1u << 14;
  apic_register(icr_high) = apic_register(id) & 0xff000000;
  apic_register(icr_low) = delivery_nmi | level_assert;
}

void load_guest_tables() {
  cpu::lgdt(payload_gdt_pointer);
  cpu::lidt({.limit = sizeof(idt) - 1, .base = reinterpret_cast<u64>(idt)});
}

void set_up_guest() {
  for (u32 vector = 0; vector < 32; ++vector)
    set_gate(static_cast<u8>(vector), reinterpret_cast<u64>(guest_exception_entries + vector * 16));
  set_gate(interrupt_vector, reinterpret_cast<u64>(count_interrupt));
  set_task_state();
  load_guest_tables();
  asm volatile("ltr %w0" ::"r"(TASK_STATE));
  *reinterpret_cast<u64*>(user_stack_top()) = reinterpret_cast<u64>(processor->guest_end);
  constexpr u8 all_masked = 0xff;
  cpu::out8(0x21, all_masked);  // both 8259
  cpu::out8(0xa1, all_masked);
  constexpr u32 enabled = 1u << 8;
  apic_register(spurious) = enabled | 0xff;
}

void reset_caught() {
  __builtin_memset(const_cast<Caught*>(&caught), 0, sizeof(caught));
}

const void* idt_page() {
  return idt;
}
u8* test_page(u32 index) {
  return pages[index];
}
u32 guest_gdt_limit() {
  return payload_gdt_pointer.limit;
}
u64 kernel_stack_top() {
  return reinterpret_cast<u64>(kernel_stack) + sizeof(kernel_stack);
}
u64 user_stack_top() {
  return reinterpret_cast<u64>(user_stack) + sizeof(user_stack) - sizeof(u64);
}

}  // namespace hyperdbg::payload
