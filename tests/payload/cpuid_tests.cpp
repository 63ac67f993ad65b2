// SPDX-License-Identifier: MIT
#include "hypervisor/cpu/instructions.hpp"
#include "tests/payload/test.hpp"
#include "tests/payload/tests.hpp"

namespace hyperdbg::payload {

namespace {

constinit cpu::CpuidResult got{};

// One test for each form of leaf: the exit tells it, and the guest gets what the processor says.
template <u32 Leaf, u32 Subleaf>
void leaf() {
  watch(HYPERDBG_EVENT_CPUID);
  const Exit exit = run([] { got = cpu::cpuid(Leaf, Subleaf); });
  expect_exit(exit, ExitKind::cpuid);
  expect_equal(exit.length, 2, "the length");
  expect_equal(read(HYPERDBG_RAX), Leaf, "EAX");
  expect_equal(read(HYPERDBG_RCX), Subleaf, "ECX");
  processor->dispatch(vcpu(), exit);
  expect_end(resume());
  const cpu::CpuidResult real = cpu::cpuid(Leaf, Subleaf);
  expect_equal(got.eax, real.eax, "EAX of the result");
  expect_equal(got.ebx, real.ebx, "EBX of the result");
  if (Leaf != 1) expect_equal(got.ecx, real.ecx, "ECX of the result");
  expect_equal(got.edx, real.edx, "EDX of the result");
}

constexpr u64 garbage = 0xdeadbeef00000000;

void takes_leaf_from_eax() {
  watch(HYPERDBG_EVENT_CPUID);
  const u64 rax = call([] {
    u64 value = garbage, subleaf = garbage;
    asm volatile("cpuid" : "+a"(value), "+c"(subleaf)::"rbx", "rdx");
    return value;
  });
  expect_equal(rax, cpu::cpuid(0, 0).eax, "RAX");
  expect_equal(exits(ExitKind::cpuid), 1, "the number of exits");
}

void clears_upper_halves() {
  watch(HYPERDBG_EVENT_CPUID);
  const u64 upper = call([] {
    u64 a = 0, b = garbage, c = garbage, d = garbage;
    asm volatile("cpuid" : "+a"(a), "+b"(b), "+c"(c), "+d"(d));
    return (a | b | c | d) >> 32;
  });
  expect_equal(upper, 0, "what is left in the upper halves");
}

void gives_real_values_unwatched() {
  expect_equal(call([] { return cpu::cpuid(0x80000000, 0).eax; }), cpu::cpuid(0x80000000, 0).eax, "EAX");
}

// CPUID shows CR4.OSXSAVE: the guest's, not root mode's.
template <bool On>
void shows_osxsave() {
  constexpr u64 osxsave = 1 << 18;
  if ((cpu::cpuid(1, 0).ecx & 1u << 26) == 0) return;  // no XSAVE
  watch(HYPERDBG_EVENT_CPUID);
  const u64 ecx = call([] {
    const u64 before = cpu::read_cr4();
    cpu::write_cr4(On ? before | osxsave : before & ~osxsave);
    const u64 result = cpu::cpuid(1, 0).ecx;
    cpu::write_cr4(before);
    return result;
  });
  expect_equal(ecx >> 27 & 1, On, "bit 27 of ECX");
}

void exits_in_user_mode() {
  watch(HYPERDBG_EVENT_CPUID);
  prepare(address_of(guest_enter_user), {address_of([] {
                                           cpu::cpuid(2, 0);
                                           processor->guest_end();
                                         }),
                                         user_stack_top()});
  const Exit exit = resume();
  expect_exit(exit, ExitKind::cpuid);
  expect(!processor->privileged(vcpu()), "CPL 3 is called privileged");
  expect_equal(read(HYPERDBG_CS), USER_CODE, "CS");
  finish();
}

// The length of an instruction behind prefixes that do nothing to it.
void length_of(const InstructionBytes& code) {
  watch(HYPERDBG_EVENT_CPUID);
  u8* const page = test_page(0);
  __builtin_memcpy(page, code.bytes, code.size);
  page[code.size] = 0xc3;  // RET
  const Exit exit = run(reinterpret_cast<u64>(page));
  expect_exit(exit, ExitKind::cpuid);
  expect_equal(exit.length, code.size, "the length");
  processor->advance(vcpu(), exit.length);
  expect_equal(read(HYPERDBG_RIP), reinterpret_cast<u64>(page) + code.size, "RIP");
  expect_end(resume());
}

void length_with_66() {
  length_of({{0x66, 0x0f, 0xa2}, 3});
}
void length_with_rex() {
  length_of({{0x48, 0x0f, 0xa2}, 3});
}
void length_with_segment() {
  length_of({{0x2e, 0x0f, 0xa2}, 3});
}
void length_with_several() {
  length_of({{0x66, 0x67, 0xf2, 0x65, 0x4f, 0x0f, 0xa2}, 7});
}
void length_of_the_longest() {
  length_of({{0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x0f, 0xa2}, 15});
}

// The instruction lies on two pages.
void length_across_pages() {
  watch(HYPERDBG_EVENT_CPUID);
  u8* const code = test_page(1) - 2;
  code[0] = 0x66, code[1] = 0x0f, code[2] = 0xa2, code[3] = 0xc3;
  const Exit exit = run(reinterpret_cast<u64>(code));
  expect_exit(exit, ExitKind::cpuid);
  expect_equal(exit.length, 3, "the length");
}

// Code that is not 64-bit: `code` comes back with the guest's EBX of leaf 0.
template <u32 Bits>
void in_other_code(u64 (*code)()) {
  watch(HYPERDBG_EVENT_CPUID);
  const Exit exit = run(code);
  expect_exit(exit, ExitKind::cpuid);
  expect_equal(vcpu().backend->code_bits(vcpu()), Bits, "the code size");
  expect_equal(exit.length, 3, "the length");
  processor->dispatch(vcpu(), exit);
  expect_end(resume());
  expect_equal(read(HYPERDBG_RAX), cpu::cpuid(0, 0).ebx, "EBX of the result");
}
void in_32_bit_code() {
  in_other_code<32>(guest_cpuid_32);
}
void in_16_bit_code() {
  in_other_code<16>(guest_cpuid_16);
}

constexpr Test rows[] = {
    {"cpuid: leaf 0", leaf<0, 0>},
    {"cpuid: leaf 1", leaf<1, 0>},
    {"cpuid: leaf 4 with a subleaf", leaf<4, 2>},
    {"cpuid: leaf 7", leaf<7, 0>},
    {"cpuid: leaf 80000000", leaf<0x80000000, 0>},
    {"cpuid: leaf 80000008", leaf<0x80000008, 0>},
    {"cpuid: a leaf that does not exist", leaf<0x8fffffff, 0x12345678>},
    {"cpuid: the leaf is EAX, not RAX", takes_leaf_from_eax},
    {"cpuid: the upper halves of the results are 0", clears_upper_halves},
    {"cpuid: unwatched, the processor's values", gives_real_values_unwatched},
    {"cpuid: CR4.OSXSAVE of the guest, set", shows_osxsave<true>},
    {"cpuid: CR4.OSXSAVE of the guest, clear", shows_osxsave<false>},
    {"cpuid: in user mode", exits_in_user_mode},
    {"cpuid: length with an operand-size prefix", length_with_66},
    {"cpuid: length with REX", length_with_rex},
    {"cpuid: length with a segment prefix", length_with_segment},
    {"cpuid: length with five prefixes", length_with_several},
    {"cpuid: length of 15 bytes", length_of_the_longest},
    {"cpuid: length across two pages", length_across_pages},
    {"cpuid: in 32-bit code", in_32_bit_code},
    {"cpuid: in 16-bit code", in_16_bit_code},
};

}  // namespace

constinit const Area cpuid_tests = rows;

}  // namespace hyperdbg::payload
