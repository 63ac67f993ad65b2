// SPDX-License-Identifier: MIT
#include "abi/image.h"
#include "hypervisor/core/cpu_area.hpp"
#include "hypervisor/core/dispatch.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "hypervisor/svm/backend.hpp"

// Where the module's stub arrives, and where the backend is chosen.
namespace hyperdbg {

// Filled by the module, page-aligned so that it lies in one piece of its memory.
extern "C" {
[[gnu::section(".boot"), gnu::used]] alignas(page_size) constinit hyperdbg_boot boot_block{};
}
static_assert(sizeof(boot_block) <= 2 * page_size);

namespace {

constinit const BackendOperations svm_operations = operations_of<svm::Svm>();
constinit bool started = false;

static_assert(sizeof(svm::SvmCpu) <= cpu_area::vcpu_pages * page_size);

LargestPage largest_nested_page() {
  constexpr u32 page_1gb = 1u << 26;
  return (cpu::cpuid(0x80000001, 0).edx & page_1gb) != 0 ? LargestPage::one_gigabyte : LargestPage::two_megabytes;
}

svm::SvmCpu& prepare(u32 core) {
  auto& cpu = *new (&machine.vcpu(core)) svm::SvmCpu{};
  cpu.core = core;
  cpu.backend = &svm_operations;
  cpu.boot = &boot_block.cpu[core];
  hyperdbg_ring& ring = machine.ring(core);
  cpu.ring.init(&ring, reinterpret_cast<u8*>(&ring + 1), HYPERDBG_RING_SIZE);
  return cpu;
}

}  // namespace

// Called by hypervisor/cpu/image_entry.S; returns only to refuse (enum hyperdbg_enter_error).
extern "C" [[gnu::used]] u32 enter_cpu(u64 core, u64 linux_cr3, u64 rsp, u64 rip) {
  if (boot_block.vendor != HYPERDBG_VENDOR_AMD) return HYPERDBG_ENTER_UNSUPPORTED;
  if (!started) {
    if (const u32 error = machine.start(boot_block, nested_format<AmdFormat>, largest_nested_page()); error != 0)
      return error;
    started = true;
  }
  return svm::enter(prepare(static_cast<u32>(core)), linux_cr3, rsp, rip);
}

extern "C" [[gnu::used]] void svm_handle_exit(svm::SvmCpu* cpu) {
  cpu->registers.rax = cpu->vmcb->rax;
  cpu->registers.rsp = cpu->vmcb->rsp;
  handle_exit<svm::Svm>(*cpu);
  cpu->vmcb->rax = cpu->registers.rax;
  cpu->vmcb->rsp = cpu->registers.rsp;
}

}  // namespace hyperdbg
