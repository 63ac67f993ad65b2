// SPDX-License-Identifier: MIT
#include "hypervisor/cpu/instructions.hpp"
#include "tests/payload/test.hpp"
#include "tests/payload/tests.hpp"

namespace hyperdbg::payload {

namespace {

using x86::Msr;

constinit u64 values[16] = {};

constexpr u64 pattern(u32 number) {
  return 0x0101010101010101 * (number + 0x11) ^ 0x8000000000000000;
}
constexpr u64 carry_and_overflow = 0x8d7;  // CF PF AF ZF SF OF and the bit that is always 1

void fill_patterns() {
  for (u32 i = 0; i < 16; ++i) values[i] = pattern(i);
  values[HYPERDBG_RSP] = carry_and_overflow;  // guest_patterns() has RFLAGS there
}

Exit run_patterns() {
  watch(HYPERDBG_EVENT_CPUID);
  fill_patterns();
  const Exit exit = run(guest_patterns, {reinterpret_cast<u64>(values)});
  expect_exit(exit, ExitKind::cpuid);
  expect_equal(read(HYPERDBG_RIP), reinterpret_cast<u64>(guest_patterns_cpuid), "RIP");
  return exit;
}

void registers_reach_root_mode() {
  run_patterns();
  for (u32 number = HYPERDBG_RAX; number <= HYPERDBG_R15; ++number) {
    if (number != HYPERDBG_RSP) expect_equal(read(number), pattern(number), "a register");
  }
  expect_equal(read(HYPERDBG_RFLAGS), carry_and_overflow, "RFLAGS");
}

void registers_survive() {
  const Exit exit = run_patterns();
  processor->advance(vcpu(), exit.length);
  expect_end(resume());
  for (u32 number = HYPERDBG_RAX; number <= HYPERDBG_R15; ++number) {
    if (number != HYPERDBG_RSP) expect_equal(values[number], pattern(number), "a register");
  }
  expect_equal(values[HYPERDBG_RSP], carry_and_overflow, "RFLAGS");
}

void registers_are_changed() {
  const Exit exit = run_patterns();
  for (u32 number = HYPERDBG_RAX; number <= HYPERDBG_R15; ++number) {
    if (number != HYPERDBG_RSP) write(number, ~pattern(number));
  }
  write(HYPERDBG_RFLAGS, 0x202);
  processor->advance(vcpu(), exit.length);
  expect_end(resume());
  for (u32 number = HYPERDBG_RAX; number <= HYPERDBG_R15; ++number) {
    if (number != HYPERDBG_RSP) expect_equal(values[number], ~pattern(number), "a register");
  }
  expect_equal(values[HYPERDBG_RSP], 0x202, "RFLAGS");
}

void rsp_is_changed() {
  watch(HYPERDBG_EVENT_CPUID);
  const Exit exit = run([] {
    u64 rsp;
    asm volatile("mov %%rsp, %%rsi; cpuid; mov %%rsp, %0; mov %%rsi, %%rsp"
                 : "=r"(rsp)::"rax", "rbx", "rcx", "rdx", "rsi");
    return rsp;
  });
  expect_exit(exit, ExitKind::cpuid);
  expect_equal(read(HYPERDBG_RSP), read(HYPERDBG_RSI), "RSP");
  write(HYPERDBG_RSP, 0x123450);
  processor->advance(vcpu(), exit.length);
  expect_end(resume());
  expect_equal(read(HYPERDBG_RAX), 0x123450, "the guest's RSP");
}

void rip_is_changed() {
  watch(HYPERDBG_EVENT_CPUID);
  expect_exit(run([] {
                cpu::cpuid(0, 0);
                return 1;
              }),
              ExitKind::cpuid);
  const u64 stack = kernel_stack_top() - 3 * sizeof(u64);
  write(HYPERDBG_RSP, stack);
  write(HYPERDBG_RIP, address_of([] { return 2; }));
  expect(vcpu().instruction_pointer_set, "the change of RIP is not noted");
  expect_end(resume());
  expect_equal(read(HYPERDBG_RAX), 2, "what the guest returns");
}

// A register that the guest sets, as root mode sees it, and as the guest finds it after the exit; and one that root
// mode sets, as the guest finds it.
template <u32 Number, u64 Value, u64 Mask, auto Read, auto Write>
void over_an_exit() {
  watch(HYPERDBG_EVENT_CPUID);
  const Exit exit = run([] {
    const u64 before = Read();
    Write((before & ~Mask) | Value);
    cpu::cpuid(0, 0);
    const u64 after = Read();
    Write(before);
    return after;
  });
  expect_exit(exit, ExitKind::cpuid);
  expect_equal(read(Number) & Mask, Value, "what root mode reads");
  processor->dispatch(vcpu(), exit);
  expect_end(resume());
  expect_equal(read(HYPERDBG_RAX) & Mask, Value, "what the guest reads");
}

template <u32 Number, u64 Value, u64 Mask, auto Read, auto Write>
void by_root_mode() {
  watch(HYPERDBG_EVENT_CPUID);
  const Exit exit = run([] {
    const u64 before = Read();
    cpu::cpuid(0, 0);
    const u64 after = Read();
    Write(before);
    return after;
  });
  expect_exit(exit, ExitKind::cpuid);
  write(Number, (read(Number) & ~Mask) | Value);
  expect_equal(read(Number) & Mask, Value, "what root mode reads back");
  processor->dispatch(vcpu(), exit);
  expect_end(resume());
  expect_equal(read(HYPERDBG_RAX) & Mask, Value, "what the guest reads");
}

constexpr u64 all = ~0ull;
constexpr u64 write_protect = 1 << 16, alignment_mask = 1 << 18, time_stamp_disable = 1 << 2;
constexpr u64 canonical = 0xffff812345678000;

template <Msr Register>
u64 get_msr() {
  return cpu::rdmsr(Register);
}
template <Msr Register>
void set_msr(u64 value) {
  cpu::wrmsr(Register, value);
}

void cr3_changes() {
  __builtin_memcpy(test_page(3), reinterpret_cast<void*>(page_of(read(HYPERDBG_CR3))), page_size);
  watch(HYPERDBG_EVENT_CPUID);
  const u64 other = reinterpret_cast<u64>(test_page(3));
  const Exit exit = run(
      [](u64 root) {
        const u64 before = cpu::read_cr3();
        cpu::write_cr3(root);
        cpu::cpuid(0, 0);
        const u64 after = cpu::read_cr3();
        cpu::write_cr3(before);
        return after;
      },
      {other});
  expect_exit(exit, ExitKind::cpuid);
  expect_equal(vcpu().backend->page_table_root(vcpu()), other, "the root that root mode sees");
  expect_equal(exit.length, 2, "the length");
  processor->dispatch(vcpu(), exit);
  expect_end(resume());
  expect_equal(read(HYPERDBG_RAX), other, "CR3");
}

// MSRs that stay in the processor while root mode runs.
template <Msr Register>
void msr_survives() {
  watch(HYPERDBG_EVENT_CPUID);
  const u64 after = call([] {
    const u64 before = cpu::rdmsr(Register);
    cpu::wrmsr(Register, 0x12345670);
    cpu::cpuid(0, 0);
    const u64 result = cpu::rdmsr(Register);
    cpu::wrmsr(Register, before);
    return result;
  });
  expect_equal(after, 0x12345670, "the register");
}

void segments_survive() {
  watch(HYPERDBG_EVENT_CPUID);
  const Exit exit = run([] {
    cpu::write_ds(USER_DATA);
    cpu::write_es(USER_DATA);
    cpu::cpuid(0, 0);
    const u64 after =
        u64{cpu::read_ds()} | u64{cpu::read_es()} << 16 | u64{cpu::read_cs()} << 32 | u64{cpu::read_ss()} << 48;
    cpu::write_ds(KERNEL_DATA);
    cpu::write_es(KERNEL_DATA);
    return after;
  });
  expect_exit(exit, ExitKind::cpuid);
  expect_equal(read(HYPERDBG_DS), USER_DATA, "DS as root mode sees it");
  expect_equal(read(HYPERDBG_CS), KERNEL_CODE, "CS as root mode sees it");
  expect_equal(read(HYPERDBG_SS), KERNEL_DATA, "SS as root mode sees it");
  expect_equal(read(HYPERDBG_TR), TASK_STATE, "TR as root mode sees it");
  expect_equal(read(HYPERDBG_IDTR), reinterpret_cast<u64>(idt_page()), "IDTR as root mode sees it");
  processor->dispatch(vcpu(), exit);
  expect_end(resume());
  constexpr u64 expected = u64{USER_DATA} | u64{USER_DATA} << 16 | u64{KERNEL_CODE} << 32 | u64{KERNEL_DATA} << 48;
  expect_equal(read(HYPERDBG_RAX), expected, "the selectors");
}

void tables_survive() {
  watch(HYPERDBG_EVENT_CPUID);
  const u64 limits = call([] {
    cpu::cpuid(0, 0);
    return u64{cpu::sgdt().limit} << 32 | cpu::sidt().limit;
  });
  const u64 bases = call([] { return cpu::sgdt().base ^ cpu::sidt().base; });
  expect_equal(limits, u64{guest_gdt_limit()} << 32 | 0xfff, "the limits of GDT and IDT");
  expect_equal(bases, read(HYPERDBG_GDTR) ^ reinterpret_cast<u64>(idt_page()), "the bases of GDT and IDT");
}

// The vector registers are not root mode's.
void vectors_survive() {
  watch(HYPERDBG_EVENT_CPUID);
  const u64 after = call([] {
    u64 result;
    asm volatile("movq %1, %%xmm7; cpuid; movq %%xmm7, %0"
                 : "=r"(result)
                 : "r"(0x123456789abcdef0ull)
                 : "rax", "rbx", "rcx", "rdx");
    return result;
  });
  expect_equal(after, 0x123456789abcdef0, "XMM7");
}

void selectors_are_read_only() {
  for (const u32 number : {HYPERDBG_CS, HYPERDBG_SS, HYPERDBG_DS, HYPERDBG_TR, HYPERDBG_LDTR})
    expect(!vcpu().backend->write_register(vcpu(), number, 0x10), "a selector can be written");
}

constexpr auto set_dr0 = [](u64 value) { cpu::write_dr<0>(value); };
constexpr auto set_dr3 = [](u64 value) { cpu::write_dr<3>(value); };
constexpr auto set_dr6 = [](u64 value) { cpu::write_dr<6>(value); };
constexpr auto set_dr7 = [](u64 value) { cpu::write_dr<7>(value); };
constexpr u64 dr7_local_1 = 0x4, dr7_bits = 0xff;

constexpr Test rows[] = {
    {"registers: reach root mode", registers_reach_root_mode},
    {"registers: survive an exit", registers_survive},
    {"registers: changed by root mode", registers_are_changed},
    {"registers: RSP changed by root mode", rsp_is_changed},
    {"registers: RIP changed by root mode", rip_is_changed},
    {"registers: vector registers survive", vectors_survive},
    {"state: CR0.WP over an exit", over_an_exit<HYPERDBG_CR0, 0, write_protect, cpu::read_cr0, cpu::write_cr0>},
    {"state: CR0.AM over an exit",
     over_an_exit<HYPERDBG_CR0, alignment_mask, alignment_mask, cpu::read_cr0, cpu::write_cr0>},
    {"state: CR2 over an exit", over_an_exit<HYPERDBG_CR2, canonical, all, cpu::read_cr2, cpu::write_cr2>},
    {"state: CR3 over an exit", cr3_changes},
    {"state: CR4.TSD over an exit",
     over_an_exit<HYPERDBG_CR4, time_stamp_disable, time_stamp_disable, cpu::read_cr4, cpu::write_cr4>},
    {"state: CR8 over an exit", over_an_exit<HYPERDBG_CR8, 5, 15, cpu::read_cr8, cpu::write_cr8>},
    {"state: DR0 over an exit", over_an_exit<HYPERDBG_DR0, canonical, all, cpu::read_dr<0>, set_dr0>},
    {"state: DR3 over an exit", over_an_exit<HYPERDBG_DR3, canonical, all, cpu::read_dr<3>, set_dr3>},
    {"state: DR6 over an exit", over_an_exit<HYPERDBG_DR6, 2, 15, cpu::read_dr<6>, set_dr6>},
    {"state: DR7 over an exit", over_an_exit<HYPERDBG_DR7, dr7_local_1, dr7_bits, cpu::read_dr<7>, set_dr7>},
    {"state: FS base over an exit",
     over_an_exit<HYPERDBG_FS_BASE, canonical, all, get_msr<Msr::FS_BASE>, set_msr<Msr::FS_BASE>>},
    {"state: GS base over an exit",
     over_an_exit<HYPERDBG_GS_BASE, canonical, all, get_msr<Msr::GS_BASE>, set_msr<Msr::GS_BASE>>},
    {"state: kernel GS base over an exit",
     over_an_exit<HYPERDBG_KERNEL_GS_BASE, canonical, all, get_msr<Msr::KERNEL_GS_BASE>, set_msr<Msr::KERNEL_GS_BASE>>},
    {"state: CR0.WP by root mode", by_root_mode<HYPERDBG_CR0, 0, write_protect, cpu::read_cr0, cpu::write_cr0>},
    {"state: CR2 by root mode", by_root_mode<HYPERDBG_CR2, canonical, all, cpu::read_cr2, cpu::write_cr2>},
    {"state: CR4.TSD by root mode",
     by_root_mode<HYPERDBG_CR4, time_stamp_disable, time_stamp_disable, cpu::read_cr4, cpu::write_cr4>},
    {"state: CR8 by root mode", by_root_mode<HYPERDBG_CR8, 3, 15, cpu::read_cr8, cpu::write_cr8>},
    {"state: DR1 by root mode",
     by_root_mode<HYPERDBG_DR1, canonical, all, cpu::read_dr<1>, [](u64 value) { cpu::write_dr<1>(value); }>},
    {"state: DR7 by root mode", by_root_mode<HYPERDBG_DR7, dr7_local_1, dr7_bits, cpu::read_dr<7>, set_dr7>},
    {"state: GS base by root mode",
     by_root_mode<HYPERDBG_GS_BASE, canonical, all, get_msr<Msr::GS_BASE>, set_msr<Msr::GS_BASE>>},
    {"state: selectors", segments_survive},
    {"state: selectors are read-only", selectors_are_read_only},
    {"state: GDTR and IDTR", tables_survive},
    {"state: STAR", msr_survives<Msr::STAR>},
    {"state: LSTAR", msr_survives<Msr::LSTAR>},
    {"state: SFMASK", msr_survives<Msr::SFMASK>},
    {"state: SYSENTER_ESP", msr_survives<Msr::SYSENTER_ESP>},
    {"state: SYSENTER_EIP", msr_survives<Msr::SYSENTER_EIP>},
};

}  // namespace

constinit const Area state_tests = rows;

}  // namespace hyperdbg::payload
