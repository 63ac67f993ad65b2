// SPDX-License-Identifier: MIT
#include "hypervisor/cpu/instructions.hpp"
#include "tests/payload/test.hpp"
#include "tests/payload/tests.hpp"

namespace hyperdbg::payload {

namespace {

bool take() {
  return vcpu().backend->take_nmi(vcpu());
}
void inject() {
  vcpu().backend->inject_nmi(vcpu());
}

void exits_and_is_taken() {
  expect_exit(run(nmi_self), ExitKind::nmi);
  expect(take(), "root mode did not get the NMI");
  expect(!take(), "there is a second NMI");
  expect_end(resume());
  expect_equal(caught.count, 0, "the number of exceptions of the guest");
}

// Interrupts off do not keep it from root mode, and the next one comes as well.
void several() {
  for (u32 i = 0; i < 3; ++i) {
    expect_exit(run([] {
                  asm volatile("cli");
                  nmi_self();
                }),
                ExitKind::nmi);
    expect(take(), "root mode did not get the NMI");
    expect_end(resume());
  }
}

void given_to_the_guest() {
  on_exception = [](ExceptionFrame&) {};
  expect_exit(run(nmi_self), ExitKind::nmi);
  expect(take(), "root mode did not get the NMI");
  const u64 rip = read(HYPERDBG_RIP);
  inject();
  finish();
  expect_caught(2, 0, rip);
}

// One more while the guest is in its handler: it waits for IRET and comes right behind it, where the first one came.
void waits_for_iret() {
  watch(HYPERDBG_EVENT_CPUID);
  on_exception = [](ExceptionFrame&) {
    if (caught.count == 1) cpu::cpuid(0, 0);
  };
  expect_end(run([] {}));
  const u64 rip = read(HYPERDBG_RIP);
  inject();
  const Exit exit = resume();
  expect_exit(exit, ExitKind::cpuid);
  expect_equal(caught.count, 1, "the number of NMIs in the handler");
  inject();
  processor->dispatch(vcpu(), exit);
  finish();
  if (caught.count == 1) finish();  // a backend may need one more exit to find the window open
  expect_equal(caught.count, 2, "the number of NMIs");
  expect_equal(caught.vector, 2, "the vector");
  expect_equal(caught.rip, rip, "the RIP of the second");
}

// A third one is lost, as on bare hardware, where one can be pending.
void at_most_one_waits() {
  watch(HYPERDBG_EVENT_CPUID);
  on_exception = [](ExceptionFrame&) {
    if (caught.count == 1) cpu::cpuid(0, 0);
  };
  expect_end(run([] {}));
  inject();
  const Exit exit = resume();
  expect_exit(exit, ExitKind::cpuid);
  inject();
  inject();
  processor->dispatch(vcpu(), exit);
  for (u32 i = 0; i < 4; ++i) finish();
  expect_equal(caught.count, 2, "the number of NMIs");
}

void again_after_iret() {
  on_exception = [](ExceptionFrame&) {};
  expect_end(run([] {}));
  for (u32 i = 1; i <= 3; ++i) {
    inject();
    finish();
    expect_equal(caught.count, i, "the number of NMIs");
  }
}

constinit volatile u32 order = 0;

// Another event goes first; the NMI is not lost.
void behind_an_exception() {
  watch(HYPERDBG_EVENT_CPUID);
  on_exception = [](ExceptionFrame& frame) {
    if (frame.vector == 6) order = order * 16 + 6;
    if (frame.vector == 2) order = order * 16 + 2;
  };
  order = 0;
  expect_end(run([] {}));
  processor->inject_exception(vcpu(), 6);
  inject();
  for (u32 i = 0; i < 3 && caught.count < 2; ++i) finish();
  expect_equal(caught.count, 2, "the number of events");
  expect_equal(order == 0x62 || order == 0x26, true, "whether each came once");
}

constexpr Test rows[] = {
    {"nmi: exits and is taken by root mode", exits_and_is_taken},
    {"nmi: several, one by one", several},
    {"nmi: given to the guest", given_to_the_guest},
    {"nmi: waits for the guest's IRET", waits_for_iret},
    {"nmi: at most one waits", at_most_one_waits},
    {"nmi: again after each IRET", again_after_iret},
    {"nmi: beside an exception", behind_an_exception},
};

}  // namespace

constinit const Area nmi_tests = rows;

}  // namespace hyperdbg::payload
