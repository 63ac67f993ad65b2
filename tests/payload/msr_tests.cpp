// SPDX-License-Identifier: MIT
#include "hypervisor/core/halt.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "tests/payload/test.hpp"
#include "tests/payload/tests.hpp"

namespace hyperdbg::payload {

namespace {

using x86::Msr;

u64 guest_rdmsr(u32 msr) {
  return cpu::rdmsr(Msr{msr});
}
void guest_wrmsr(u32 msr, u64 value) {
  cpu::wrmsr(Msr{msr}, value);
}

constexpr u32 always = 0;  // no watching is needed: no bitmap has the register

// The edges of the ranges that the permission maps cover: the watched register exits.
template <u32 Register, u32 Watched = Register>
void read_exits() {
  if (Watched != always || Register == 0) watch(HYPERDBG_EVENT_RDMSR, Register);
  const Exit exit = run(guest_rdmsr, {Register});
  expect_exit(exit, ExitKind::rdmsr);
  expect_equal(exit.length, 2, "the length");
  expect_equal(read(HYPERDBG_RCX), Register, "ECX");
}

template <u32 Register, u32 Watched = Register>
void write_exits() {
  if (Watched != always || Register == 0) watch(HYPERDBG_EVENT_WRMSR, Register);
  const Exit exit = run(guest_wrmsr, {Register, 0x123456789abcdef0});
  expect_exit(exit, ExitKind::wrmsr);
  expect_equal(exit.length, 2, "the length");
  expect_equal(read(HYPERDBG_RCX), Register, "ECX");
  expect_equal(read(HYPERDBG_RAX) & 0xffffffff, 0x9abcdef0, "EAX");
  expect_equal(read(HYPERDBG_RDX), 0x12345678, "EDX");
}

constexpr u32 star = 0xc0000081, lstar = 0xc0000082, cstar = 0xc0000083, sfmask = 0xc0000084;
constexpr u32 sysenter_cs = 0x174, sysenter_esp = 0x175, sysenter_eip = 0x176;

// Neighbours of a watched register, and the other direction, do not exit.
template <u32 Watched, u32 Below, u32 Above>
void neighbours_do_not_exit() {
  watch(HYPERDBG_EVENT_WRMSR, Watched);
  expect_end(run([] {
    guest_rdmsr(Watched);
    guest_wrmsr(Below, guest_rdmsr(Below));
    guest_wrmsr(Above, guest_rdmsr(Above));
  }));
  expect_equal(caught.count, 0, "the number of exceptions");
}

void reading_is_not_writing() {
  watch(HYPERDBG_EVENT_RDMSR, lstar);
  expect_exit(run([] { guest_wrmsr(lstar, guest_rdmsr(lstar)); }), ExitKind::rdmsr);
  processor->advance(vcpu(), 2);
  expect_end(resume());
}

void unwatched_does_not_exit() {
  expect_end(run([] { guest_wrmsr(lstar, guest_rdmsr(lstar)); }));
}

void any_register() {
  watch(HYPERDBG_EVENT_RDMSR);
  expect_exit(run(guest_rdmsr, {star}), ExitKind::rdmsr);
  expect_exit(run(guest_rdmsr, {sysenter_eip}), ExitKind::rdmsr);
}

// KERNEL_GS_BASE is one that events for any register leave alone.
void any_register_but_the_exceptions() {
  watch(HYPERDBG_EVENT_WRMSR);
  const u64 untouched = cpu::rdmsr(Msr::KERNEL_GS_BASE);
  expect_end(run(guest_wrmsr, {static_cast<u32>(Msr::KERNEL_GS_BASE), untouched}));
}

void intercepts_are_taken_back() {
  watch(HYPERDBG_EVENT_WRMSR, lstar);
  watch(HYPERDBG_EVENT_RDMSR);
  apply_intercepts(vcpu());
  expect_end(run([] { guest_wrmsr(lstar, guest_rdmsr(lstar)); }));
}

void read_gives_what_was_written() {
  watch(HYPERDBG_EVENT_RDMSR, lstar);
  const u64 value = call([] {
    const u64 before = guest_rdmsr(lstar);
    guest_wrmsr(lstar, 0xffffffff81234567);
    const u64 result = guest_rdmsr(lstar);
    guest_wrmsr(lstar, before);
    return result;
  });
  expect_equal(value, 0xffffffff81234567, "LSTAR");
  expect_equal(exits(ExitKind::rdmsr), 2, "the number of exits");
}

void write_takes_effect() {
  watch(HYPERDBG_EVENT_WRMSR, lstar);
  const u64 value = call([] {
    const u64 before = guest_rdmsr(lstar);
    guest_wrmsr(lstar, 0xffffffff87654321);
    const u64 result = guest_rdmsr(lstar);
    guest_wrmsr(lstar, before);
    return result;
  });
  expect_equal(value, 0xffffffff87654321, "LSTAR");
  expect_equal(exits(ExitKind::wrmsr), 2, "the number of exits");
}

// RDMSR clears the upper halves of RAX and RDX.
void read_clears_upper_halves() {
  watch(HYPERDBG_EVENT_RDMSR, sysenter_cs);
  const u64 upper = call([] {
    u64 a = ~0ull, d = ~0ull;
    asm volatile("rdmsr" : "+a"(a), "+d"(d) : "c"(sysenter_cs));
    return (a | d) >> 32;
  });
  expect_equal(upper, 0, "what is left in the upper halves");
}

// The processor's own #GP reaches the guest, at the instruction.
void refused_by_the_processor() {
  constexpr u64 not_canonical = 1ull << 63;
  watch(HYPERDBG_EVENT_WRMSR, lstar);
  call(guest_wrmsr_at_start, {lstar, not_canonical});
  expect_caught(13, 0, reinterpret_cast<u64>(guest_wrmsr_instruction));
}

void missing_in_the_processor() {
  constexpr u32 nowhere = 0x12345678;
  call([] { guest_rdmsr(nowhere); });
  expect_equal(exits(ExitKind::rdmsr), 1, "the number of exits");
  expect_equal(caught.count, 1, "the number of exceptions");
  expect_equal(caught.vector, 13, "the vector");
}

void not_for_user_mode() {
  watch(HYPERDBG_EVENT_RDMSR, lstar);
  call_user([] { guest_rdmsr(lstar); });
  expect_equal(caught.count, 1, "the number of exceptions");
  expect_equal(caught.vector, 13, "the vector");
  expect_equal(caught.error_code, 0, "the error code");
  expect_equal(caught.cs, USER_CODE, "CS");
}

constexpr u32 efer = 0xc0000080;
constexpr u64 svme = 1 << 12, sce = 1, lma = 1 << 10, lme = 1 << 8;

void efer_hides_virtualization() {
  const u64 value = call(guest_rdmsr, {efer});
  expect_equal(value & svme, 0, "EFER.SVME");
  expect_equal(value & (lma | lme | sce), lma | lme | sce, "the guest's own bits of EFER");
}

void efer_changes() {
  const u64 value = call([] {
    const u64 before = guest_rdmsr(efer);
    guest_wrmsr(efer, before & ~sce);
    const u64 result = guest_rdmsr(efer);
    guest_wrmsr(efer, before);
    return result;
  });
  expect_equal(value & (sce | lma), lma, "SCE and LMA");
}

void efer_refuses(u64 toggled) {
  call([](u64 bit) { guest_wrmsr(efer, guest_rdmsr(efer) ^ bit); }, {toggled});
  expect_equal(caught.count, 1, "the number of exceptions");
  expect_equal(caught.vector, 13, "the vector");
}
void efer_refuses_reserved_bits() {
  efer_refuses(1ull << 40);
}
void efer_refuses_leaving_long_mode() {
  efer_refuses(lme);
}
void efer_refuses_virtualization() {
  efer_refuses(svme);
}

void looks_switched_off() {
  expect_equal(call(guest_rdmsr, {processor->lock_msr}), processor->lock_value, "the register with the lock");
}

constexpr u32 pat = 0x277;
constexpr u64 other_pat = 0x0007010600070106;

// Watched or not, it is the guest's PAT.
void pat_watched() {
  watch(HYPERDBG_EVENT_RDMSR, pat);
  watch(HYPERDBG_EVENT_WRMSR, pat);
  const u64 value = call([] {
    const u64 before = guest_rdmsr(pat);
    guest_wrmsr(pat, other_pat);
    const u64 result = guest_rdmsr(pat);
    guest_wrmsr(pat, before);
    return result;
  });
  expect_equal(value, other_pat, "PAT");
}

void pat_written_unwatched() {
  expect_end(run([] { guest_wrmsr(pat, other_pat); }));
  u64 value = 0;
  processor->read_msr(vcpu(), pat, value);
  expect_end(run([] { guest_wrmsr(pat, 0x0007040600070406); }));
  expect_equal(value, other_pat, "PAT as root mode reads it");
}

void length_with_a_prefix() {
  watch(HYPERDBG_EVENT_RDMSR, star);
  u8* const page = test_page(0);
  page[0] = 0x2e, page[1] = 0x0f, page[2] = 0x32, page[3] = 0xc3;  // CS RDMSR; RET
  prepare(reinterpret_cast<u64>(page));
  write(HYPERDBG_RCX, star);
  const Exit exit = resume();
  expect_exit(exit, ExitKind::rdmsr);
  expect_equal(exit.length, 3, "the length");
}

constexpr Test rows[] = {
    {"msr: read of 0, watched", read_exits<0>},
    {"msr: read of 1fff, watched", read_exits<0x1fff>},
    {"msr: read of 2000, always", read_exits<0x2000, always>},
    {"msr: read of bfffffff, always", read_exits<0xbfffffff, always>},
    {"msr: read of c0000000, watched", read_exits<0xc0000000>},
    {"msr: read of c0001fff, watched", read_exits<0xc0001fff>},
    {"msr: read of c0002000, always", read_exits<0xc0002000, always>},
    {"msr: read of c0010000, watched", read_exits<0xc0010000>},
    {"msr: read of c0011fff, watched", read_exits<0xc0011fff>},
    {"msr: read of c0012000, always", read_exits<0xc0012000, always>},
    {"msr: write of 0, watched", write_exits<0>},
    {"msr: write of 1fff, watched", write_exits<0x1fff>},
    {"msr: write of 2000, always", write_exits<0x2000, always>},
    {"msr: write of bfffffff, always", write_exits<0xbfffffff, always>},
    {"msr: write of c0000000, watched", write_exits<0xc0000000>},
    {"msr: write of c0001fff, watched", write_exits<0xc0001fff>},
    {"msr: write of c0002000, always", write_exits<0xc0002000, always>},
    {"msr: write of c0010000, watched", write_exits<0xc0010000>},
    {"msr: write of c0011fff, watched", write_exits<0xc0011fff>},
    {"msr: write of c0012000, always", write_exits<0xc0012000, always>},
    {"msr: neighbours in the high range", neighbours_do_not_exit<lstar, star, cstar>},
    {"msr: neighbours in another byte of the map", neighbours_do_not_exit<cstar, lstar, sfmask>},
    {"msr: neighbours in the low range", neighbours_do_not_exit<sysenter_esp, sysenter_cs, sysenter_eip>},
    {"msr: watched for reading, written", reading_is_not_writing},
    {"msr: unwatched", unwatched_does_not_exit},
    {"msr: any register", any_register},
    {"msr: any register but the exceptions", any_register_but_the_exceptions},
    {"msr: intercepts are taken back", intercepts_are_taken_back},
    {"msr: a read gives what the guest wrote", read_gives_what_was_written},
    {"msr: a write takes effect", write_takes_effect},
    {"msr: the upper halves of the result are 0", read_clears_upper_halves},
    {"msr: a value that the processor refuses", refused_by_the_processor},
    {"msr: a register that does not exist", missing_in_the_processor},
    {"msr: not for user mode", not_for_user_mode},
    {"msr: EFER hides virtualization", efer_hides_virtualization},
    {"msr: EFER changes", efer_changes},
    {"msr: EFER refuses reserved bits", efer_refuses_reserved_bits},
    {"msr: EFER refuses to leave long mode", efer_refuses_leaving_long_mode},
    {"msr: EFER refuses virtualization", efer_refuses_virtualization},
    {"msr: virtualization looks switched off", looks_switched_off},
    {"msr: PAT, watched", pat_watched},
    {"msr: PAT, written unwatched", pat_written_unwatched},
    {"msr: length with a prefix", length_with_a_prefix},
};

}  // namespace

constinit const Area msr_tests = rows;

}  // namespace hyperdbg::payload
