// SPDX-License-Identifier: MIT
#include "hypervisor/cpu/instructions.hpp"
#include "tests/payload/test.hpp"
#include "tests/payload/tests.hpp"

namespace hyperdbg::payload {

namespace {

// Puts an instruction, and a RET behind it, where the guest can run it.
u64 place(const InstructionBytes& code) {
  u8* const page = test_page(0);
  __builtin_memcpy(page, code.bytes, code.size);
  page[code.size] = 0xc3;
  return reinterpret_cast<u64>(page);
}

// The guest has no virtualization: its instructions do not exist.
template <u32 Index>
void does_not_exist() {
  const u64 at = place(processor->vendor_instructions[Index]);
  prepare(at, {reinterpret_cast<u64>(test_page(1))});
  const Exit exit = resume();
  expect_exit(exit, ExitKind::undefined);
  expect_equal(read(HYPERDBG_RIP), at, "RIP at the exit");
  processor->dispatch(vcpu(), exit);
  expect_end(resume());
  expect_caught(6, 0, at);
}

void foreign_hypercall() {
  const u64 at = place(processor->foreign_hypercall);
  call(at);
  expect_caught(6, 0, at);
}

u64 own_hypercall() {
  return reinterpret_cast<u64>(processor->guest_end);
}

// Answered like a number that nobody knows: the text and the secret are right.
void from_the_module() {
  constexpr u64 unknown_number = 0x48440fff, no_such_call = ~38ull + 1;
  const u64 answer = call([] { return hypercall(unknown_number, 0); });
  expect_equal(answer, no_such_call, "the answer");
  expect_equal(exits(ExitKind::hypercall), 1, "the number of exits");
  expect_equal(caught.count, 0, "the number of exceptions");
}

void tells_its_length() {
  const Exit exit = run([] { hypercall(1, 2); });
  expect_exit(exit, ExitKind::hypercall);
  expect_equal(exit.length, 3, "the length");
  expect_equal(vcpu().registers.rax, 1, "RAX");
  expect_equal(vcpu().registers.rcx, 2, "RCX");
}

// Without the secret, from other text, from user mode: as on bare hardware.
void without_secret() {
  const Exit exit = run([] { hypercall(1, 2); });
  vcpu().registers.r10 ^= 1;
  processor->dispatch(vcpu(), exit);
  const u64 at = read(HYPERDBG_RIP);
  expect_end(resume());
  expect_caught(6, 0, at);
}

void from_other_text() {
  const Exit exit = run([] {});
  expect_end(exit);
  write(HYPERDBG_R10, boot_block.secret);
  processor->dispatch(vcpu(), exit);
  const Exit end = resume();
  expect_end(end);
  expect_caught(6, 0, own_hypercall());
}

void from_user_mode() {
  prepare(address_of(guest_enter_user), {address_of([] { hypercall(1, 2); }), user_stack_top()});
  const Exit exit = resume();
  expect_exit(exit, ExitKind::hypercall);
  processor->dispatch(vcpu(), exit);
  expect_end(resume());
  expect_equal(caught.count, 1, "the number of exceptions");
  expect_equal(caught.vector, 6, "the vector");
  expect_equal(caught.cs, USER_CODE, "CS");
}

// What needs no exit makes none: these belong to the guest.
void left_alone() {
  expect_end(run([] {
    cpu::rdtsc();
    cpu::write_cr3(cpu::read_cr3());
    cpu::write_cr0(cpu::read_cr0());
    cpu::write_cr4(cpu::read_cr4());
    asm volatile("invlpg (%0)" ::"r"(test_page(0)) : "memory");
    asm volatile("pause; cli; sti; cli; pushfq; popfq" ::: "memory");
  }));
  expect_equal(caught.count, 0, "the number of exceptions");
}

void ud2_is_the_guests() {
  expect_end(run(guest_ud2));
  expect_caught(6, 0, reinterpret_cast<u64>(guest_ud2));
}

void int3_is_the_guests() {
  expect_end(run(guest_int3));
  expect_caught(3, 0, reinterpret_cast<u64>(guest_int3) + 1);
}

constexpr Test rows[] = {
    {"undefined: VMRUN, VMXON", does_not_exist<0>},
    {"undefined: VMLOAD, VMPTRLD", does_not_exist<1>},
    {"undefined: VMSAVE, VMREAD", does_not_exist<2>},
    {"undefined: STGI, VMWRITE", does_not_exist<3>},
    {"undefined: CLGI, VMCLEAR", does_not_exist<4>},
    {"undefined: SKINIT, VMXOFF", does_not_exist<5>},
    {"undefined: the other vendor's hypercall", foreign_hypercall},
    {"hypercall: from the module", from_the_module},
    {"hypercall: number, argument and length", tells_its_length},
    {"hypercall: without the secret", without_secret},
    {"hypercall: from other text", from_other_text},
    {"hypercall: from user mode", from_user_mode},
    {"no exit: what is the guest's own", left_alone},
    {"no exit: UD2", ud2_is_the_guests},
    {"no exit: INT3", int3_is_the_guests},
};

}  // namespace

constinit const Area instruction_tests = rows;

}  // namespace hyperdbg::payload
