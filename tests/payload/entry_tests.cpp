// SPDX-License-Identifier: MIT
#include "hypervisor/core/fault_report.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "tests/payload/test.hpp"
#include "tests/payload/tests.hpp"
#include "x86/registers.hpp"

// Into the guest, out of it, and what the processor refuses to enter.
namespace hyperdbg::payload {

namespace {

void in_and_out() {
  expect_end(run([] {}));
}

void what_root_mode_sees() {
  stop_guest();
  expect(processor->privileged(vcpu()), "CPL 0 is not called privileged");
  expect_equal(vcpu().backend->code_bits(vcpu()), 64, "the code size");
  expect_equal(vcpu().backend->instruction_pointer(vcpu()), reinterpret_cast<u64>(processor->guest_end), "RIP");
  expect_equal(vcpu().backend->page_table_root(vcpu()), reinterpret_cast<u64>(payload_root), "CR3");
}

void root_mode_has_its_own_tables() {
  stop_guest();
  expect(read(HYPERDBG_CR3) != cpu::read_cr3(), "root mode runs on the guest's page tables");
  expect(read(HYPERDBG_GDTR) != cpu::sgdt().base, "root mode runs on the guest's GDT");
  expect(read(HYPERDBG_IDTR) != cpu::sidt().base, "root mode runs on the guest's IDT");
}

// A fault of root mode is repaired where it is awaited, on root mode's own IDT, TSS and stack.
void root_mode_catches_its_faults() {
  u64 value = 0;
  constexpr u64 not_canonical = 1ull << 63;
  expect(!cpu::try_wrmsr(static_cast<u32>(x86::Msr::FS_BASE), not_canonical), "the fault went unnoticed");
  expect(cpu::try_rdmsr(static_cast<u32>(x86::Msr::LSTAR), value), "there was a fault where none should be");
  expect_end(run([] {}));
}

// State that no guest can have: root mode refuses to write it, or the entry fails and is told as such.
template <u32 Number, u64 Set, u64 Clear>
void refused() {
  stop_guest();
  const u64 before = read(Number);
  if (vcpu().backend->write_register(vcpu(), Number, (before | Set) & ~Clear))
    return expect_exit(resume(), ExitKind::unknown);
  expect_equal(read(Number), before, "what was refused");
  expect_end(resume());
}

void refusal_is_described() {
  stop_guest();
  processor->spoil(vcpu());
  expect_exit(resume(), ExitKind::unknown);
  const u32 before = report_buffer.size();
  vcpu().backend->describe(vcpu());
  expect(report_buffer.size() > before + 100, "nothing was reported");
}

void triple_fault() {
  prepare(address_of([] {
    cpu::lidt({.limit = 0, .base = 0});
    asm volatile("ud2");
  }));
  expect_exit(resume(), ExitKind::shutdown);
}

void counts_exits() {
  watch(HYPERDBG_EVENT_CPUID);
  const u64 result = call([] {
    u64 sum = 0;
    for (u32 i = 0; i < 1000; ++i) sum += cpu::cpuid(0, 0).ebx & 1;
    return sum;
  });
  expect_equal(result, 1000 * (cpu::cpuid(0, 0).ebx & 1), "the guest's sum");
  expect_equal(exits(ExitKind::cpuid), 1000, "the number of exits");
}

constexpr u64 pae = 1 << 5;

constexpr Test rows[] = {
    {"entry: in and out", in_and_out},
    {"entry: what root mode sees", what_root_mode_sees},
    {"entry: root mode has its own tables", root_mode_has_its_own_tables},
    {"entry: root mode catches its faults", root_mode_catches_its_faults},
    {"entry: a thousand exits", counts_exits},
    {"entry: refused, CR0 above bit 31", refused<HYPERDBG_CR0, 1ull << 40, 0>},
    {"entry: refused, a reserved bit of CR4", refused<HYPERDBG_CR4, 1ull << 40, 0>},
    {"entry: refused, long mode without PAE", refused<HYPERDBG_CR4, 0, pae>},
    {"entry: refused, DR7 above bit 31", refused<HYPERDBG_DR7, 1ull << 40, 0>},
    {"entry: refusal is described", refusal_is_described},
    {"entry: a triple fault", triple_fault},
};

}  // namespace

constinit const Area entry_tests = rows;

}  // namespace hyperdbg::payload
