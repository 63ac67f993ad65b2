// SPDX-License-Identifier: MIT
#pragma once
#include "abi/image.h"
#include "hypervisor/core/vcpu.hpp"
#include "tests/payload/processor.hpp"

// Root mode of the payload: what stands in for hypervisor/entry, and the two stacks that a test and an exit run on.
namespace hyperdbg::payload {

extern hyperdbg_boot boot_block;
extern const Processor amd, intel;
extern const Processor* processor;  // the one that runs

// Each backend's exit handler ends here: the running test goes on, or one is started.
void root_exit(Vcpu& vcpu);

// The boot block as the module would fill it.
void fill_boot_block();

// The module's part of each entry: see tables_borrow_upper_half() there.
void borrow_upper_half();

struct Test {
  const char* name;
  void (*run)();
};

// In the guest: runs a test in root mode with this CPU as its guest; null, or what failed.
const char* run_test(const Test& test);

inline constexpr u16 debugger_port = 0x2f8;  // hidden from the guest, with the seven ports behind it

// A hypercall from the module's text, with its secret.
u64 hypercall(u64 number, u64 argument);

}  // namespace hyperdbg::payload
