// SPDX-License-Identifier: MIT
#include "hypervisor/cpu/instructions.hpp"
#include "tests/payload/test.hpp"
#include "tests/payload/tests.hpp"

namespace hyperdbg::payload {

namespace {

// The exception arrives where the guest stands, with its own stack and flags.
template <u8 Vector>
void exception() {
  stop_guest();
  const u64 rsp = read(HYPERDBG_RSP);
  write(HYPERDBG_RFLAGS, 0x203);  // IF and CF
  processor->inject_exception(vcpu(), Vector);
  expect_end(resume());
  expect_caught(Vector, 0, reinterpret_cast<u64>(processor->guest_end));
  expect_equal(caught.rsp, rsp, "RSP in the frame");
  expect_equal(caught.cs, KERNEL_CODE, "CS in the frame");
  expect_equal(caught.rflags & 0xffff, 0x203, "RFLAGS in the frame");
}

void general_protection() {
  stop_guest();
  processor->inject_general_protection(vcpu());
  expect_end(resume());
  expect_caught(13, 0, reinterpret_cast<u64>(processor->guest_end));
}

void into_user_mode() {
  expect_end(run(guest_enter_user, {reinterpret_cast<u64>(processor->guest_end), user_stack_top()}));
  expect(!processor->privileged(vcpu()), "CPL 3 is called privileged");
  processor->inject_exception(vcpu(), 6);
  expect_end(resume());
  expect_caught(6, 0, reinterpret_cast<u64>(processor->guest_end));
  expect_equal(caught.cs, USER_CODE, "CS in the frame");
  expect_equal(caught.rsp, user_stack_top(), "RSP in the frame");
  expect(processor->privileged(vcpu()), "the handler is not called privileged");
}

// Interrupts off and a shadow do not hold an exception up.
void behind_sti() {
  watch(HYPERDBG_EVENT_CPUID);
  expect_exit(run([] { asm volatile("sti; cpuid; cli" ::: "rax", "rbx", "rcx", "rdx"); }), ExitKind::cpuid);
  const u64 rip = read(HYPERDBG_RIP);
  processor->inject_exception(vcpu(), 6);
  expect_end(resume());
  expect_caught(6, 0, rip);
}

// The handler returns, and the guest goes on as if nothing had been.
void returns() {
  watch(HYPERDBG_EVENT_CPUID);
  on_exception = [](ExceptionFrame&) {};
  const Exit exit = run([] {
    u64 count = 0;
    for (u32 i = 0; i < 3; ++i) count += cpu::cpuid(0, 0).eax != 0;
    return count;
  });
  expect_exit(exit, ExitKind::cpuid);
  processor->inject_exception(vcpu(), 7);
  expect_equal(finish(), 3, "the guest's count");
  expect_equal(caught.count, 1, "the number of exceptions");
  expect_equal(exits(ExitKind::cpuid), 3, "the number of exits");
}

// An event whose delivery ends in a nested page fault is delivered once the page is back: the IDT lies in that page.
enum class Lost : u8 { idt, stack };

template <Lost What>
Exit lose(u64 code, Arguments arguments = {}) {
  prepare(code, arguments);
  const void* const page = What == Lost::idt ? idt_page() : reinterpret_cast<void*>(kernel_stack_top() - page_size);
  protect(page, What == Lost::idt ? Permissions{false, false, false} : read_only);
  const Exit exit = resume();
  protect(page, all_permissions);
  expect_exit(exit, ExitKind::nested_fault);
  expect_equal(page_of(raw(exit.nested_fault.address)), reinterpret_cast<u64>(page), "the page that is missing");
  expect_equal(caught.count, 0, "the number of exceptions so far");
  return exit;
}

template <Lost What>
void lost_invalid_opcode() {
  lose<What>(reinterpret_cast<u64>(guest_ud2));
  expect_end(resume());
  expect_caught(6, 0, reinterpret_cast<u64>(guest_ud2));
}

void lost_page_fault() {
  constexpr u64 unmapped = 0x123456789abc;
  lose<Lost::idt>(reinterpret_cast<u64>(guest_load), {unmapped});
  expect_end(resume());
  expect_caught(14, 0, reinterpret_cast<u64>(guest_load));
  expect_equal(caught.cr2, unmapped, "CR2");
}

void lost_general_protection() {
  constexpr u64 not_canonical = 1ull << 63, selector = 0x7f8;
  lose<Lost::idt>(reinterpret_cast<u64>(guest_load), {not_canonical});
  expect_end(resume());
  expect_caught(13, 0, reinterpret_cast<u64>(guest_load));
  reset_caught();
  // With an error code that is not 0: a selector beyond the GDT.
  lose<Lost::idt>(reinterpret_cast<u64>(guest_load_ds), {selector});
  expect_end(resume());
  expect_caught(13, selector, reinterpret_cast<u64>(guest_load_ds));
}

void lost_breakpoint() {
  lose<Lost::idt>(reinterpret_cast<u64>(guest_int3));
  expect_end(resume());
  expect_caught(3, 0, reinterpret_cast<u64>(guest_int3) + 1);
}

void lost_software_interrupt() {
  interrupts = 0;
  lose<Lost::idt>(address_of([] { asm volatile("int $0x40"); }));
  expect_end(resume());
  expect_equal(interrupts, 1, "the number of interrupts");
}

void lost_external_interrupt() {
  lose<Lost::idt>(address_of([] {
    interrupt_self();
    asm volatile("sti; nop; nop; cli");
  }));
  expect_end(resume());
  expect_equal(interrupts, 1, "the number of interrupts");
  expect_equal(caught.count, 0, "the number of exceptions");
}

void lost_injected_exception() {
  stop_guest();
  processor->inject_exception(vcpu(), 6);
  protect(idt_page(), {false, false, false});
  const Exit exit = resume();
  protect(idt_page(), all_permissions);
  expect_exit(exit, ExitKind::nested_fault);
  expect_end(resume());
  expect_caught(6, 0, reinterpret_cast<u64>(processor->guest_end));
}

// Its handler returns: NMIs stay blocked until IRET.
void lost_injected_nmi() {
  on_exception = [](ExceptionFrame&) {};
  stop_guest();
  vcpu().backend->inject_nmi(vcpu());
  protect(idt_page(), {false, false, false});
  const Exit exit = resume();
  protect(idt_page(), all_permissions);
  expect_exit(exit, ExitKind::nested_fault);
  finish();
  expect_caught(2, 0, reinterpret_cast<u64>(processor->guest_end));
}

constexpr Test rows[] = {
    {"injection: #DE", exception<0>},
    {"injection: #DB", exception<1>},
    {"injection: #BP", exception<3>},
    {"injection: #OF", exception<4>},
    {"injection: #BR", exception<5>},
    {"injection: #UD", exception<6>},
    {"injection: #NM", exception<7>},
    {"injection: #MF", exception<16>},
    {"injection: #MC", exception<18>},
    {"injection: #XF", exception<19>},
    {"injection: #GP with its error code", general_protection},
    {"injection: into user mode", into_user_mode},
    {"injection: in the shadow of STI", behind_sti},
    {"injection: the handler returns", returns},
    {"interrupted delivery: #UD, no IDT", lost_invalid_opcode<Lost::idt>},
    {"interrupted delivery: #UD, no stack", lost_invalid_opcode<Lost::stack>},
    {"interrupted delivery: #PF with error code and CR2", lost_page_fault},
    {"interrupted delivery: #GP with error code", lost_general_protection},
    {"interrupted delivery: INT3", lost_breakpoint},
    {"interrupted delivery: INT n", lost_software_interrupt},
    {"interrupted delivery: an external interrupt", lost_external_interrupt},
    {"interrupted delivery: an injected exception", lost_injected_exception},
    {"interrupted delivery: an injected NMI", lost_injected_nmi},
};

}  // namespace

constinit const Area injection_tests = rows;

}  // namespace hyperdbg::payload
