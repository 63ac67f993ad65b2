// SPDX-License-Identifier: MIT
#include "hypervisor/core/uart.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "tests/payload/bare_state.hpp"
#include "tests/payload/guest.hpp"
#include "tests/payload/tests.hpp"
#include "tests/payload/text.hpp"

#pragma GCC visibility push(hidden)
extern "C" {
hyperdbg::u32 hyperdbg_enter(hyperdbg::u64 cpu, hyperdbg::u64 cr3, void (*entry)());  // module/cross.S
void hyperdbg_leave(hyperdbg::u64 secret, hyperdbg::u64 vendor);
void image_entry();
extern const hyperdbg::u32 first_test;  // boot.S
}
#pragma GCC visibility pop

namespace hyperdbg::payload {

namespace {

constexpr u16 console = 0x3f8;

const Processor* processor_of_this_machine() {
  constexpr u32 authentic_amd = 0x68747541, genuine_intel = 0x756e6547;  // EBX of leaf 0
  switch (cpu::cpuid(0, 0).ebx) {
    case authentic_amd:
      return &amd;
    case genuine_intel:
      return &intel;
    default:
      return nullptr;
  }
}

void report(const char* what, const char* more = "", const char* and_more = "") {
  print(what);
  print(more);
  print(and_more);
  print("\n");
}

// Beneath and out again for each test, so that each begins with a fresh CPU and leaves the bare one as it was.
void run(const Test& test) {
  const BareState before = read_bare_state();
  borrow_upper_half();
  if (hyperdbg_enter(0, boot_block.cpu[0].cr3, image_entry) != 0)
    return report(test.name, ": FAILED the CPU was not entered");
  const char* const what = run_test(test);
  hyperdbg_leave(boot_block.secret, processor->vendor);
  if (what != nullptr) return report(test.name, ": FAILED ", what);
  const char* const changed = difference(before, read_bare_state());
  if (changed != nullptr) return report(test.name, ": FAILED leaving changed ", changed);
  report(test.name, ": ok");
}

void run_all() {
  processor = processor_of_this_machine();
  if (processor == nullptr) return report("payload: no backend for this processor");
  set_up_guest();
  fill_boot_block();
  u32 number = 0;
  for (const Area* area : areas) {
    for (const Test& test : *area) {
      if (number++ >= first_test) run(test);
    }
  }
  report("payload: end");
}

[[noreturn]] void end_emulator() {
  asm volatile("outl %0, %1" ::"a"(0), "Nd"(u16{0x501}));                                     // QEMU's isa-debug-exit
  for (const char* at = "Shutdown"; *at != 0; ++at) cpu::out8(0x8900, static_cast<u8>(*at));  // Bochs
  cpu::stop_forever();
}

}  // namespace

extern "C" [[gnu::used, noreturn]] void payload_main() {
  Uart{console}.initialize(1);
  run_all();
  end_emulator();
}

}  // namespace hyperdbg::payload
