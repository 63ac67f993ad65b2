// SPDX-License-Identifier: MIT
#include "abi/image.h"
#include "hypervisor/core/cpu_area.hpp"
#include "hypervisor/core/dispatch.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/core/script_run.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "hypervisor/svm/backend.hpp"
#include "hypervisor/vmx/backend.hpp"

// Where the module's stub arrives, and where the backend is chosen.
namespace hyperdbg {

// Filled by the module, page-aligned so that it lies in one piece of its memory.
extern "C" {
[[gnu::section(".boot"), gnu::used]] alignas(page_size) constinit hyperdbg_boot boot_block{};
}
static_assert(sizeof(boot_block) <= 2 * page_size);

namespace {

template <Backend B>
constinit const BackendOperations operations = operations_of<B>();
constinit bool started = false;

template <Backend B>
typename B::Cpu& prepare(u32 core) {
  using Cpu = typename B::Cpu;
  static_assert(sizeof(Cpu) <= cpu_area::vcpu_pages * page_size);
  auto& cpu = *new (&machine.vcpu(core)) Cpu{};
  cpu.core = core;
  cpu.backend = &operations<B>;
  cpu.boot = &boot_block.cpu[core];
  hyperdbg_ring& ring = machine.ring(core);
  cpu.ring.init(&ring, reinterpret_cast<u8*>(&ring + 1), HYPERDBG_RING_SIZE);
  prepare_scripts(cpu);
  return cpu;
}

template <Backend B>
u32 enter_with(u32 core, u64 linux_cr3, u64 rsp, u64 rip) {
  if (const u32 error = B::check(); error != 0) return error;
  if (!started) {
    if (const u32 error = machine.start(boot_block, B::nested_paging()); error != 0) return error;
    started = true;
  }
  return enter(prepare<B>(core), linux_cr3, rsp, rip);
}

// RSP travels through the VMCS, and CR2 stays in the processor, where a fault in a script changes it.
template <class Handle>
void with_guest_state(vmx::VmxCpu& cpu, Handle handle) {
  const u64 rsp = cpu::vmread(x86::vmx::FieldNatural::GUEST_RSP);
  cpu.registers.rsp = rsp;
  cpu.cr2 = cpu::read_cr2();
  handle();
  if (cpu.registers.rsp != rsp) cpu::vmwrite(x86::vmx::FieldNatural::GUEST_RSP, cpu.registers.rsp);
  if (cpu.cr2 != cpu::read_cr2()) cpu::write_cr2(cpu.cr2);
}

}  // namespace

// Called by hypervisor/cpu/image_entry.S; returns only to refuse (enum hyperdbg_enter_error).
extern "C" [[gnu::used]] u32 enter_cpu(u64 core, u64 linux_cr3, u64 rsp, u64 rip) {
  switch (boot_block.vendor) {
    case HYPERDBG_VENDOR_AMD:
      return enter_with<svm::Svm>(static_cast<u32>(core), linux_cr3, rsp, rip);
    case HYPERDBG_VENDOR_INTEL:
      return enter_with<vmx::Vmx>(static_cast<u32>(core), linux_cr3, rsp, rip);
    default:
      return HYPERDBG_ENTER_UNSUPPORTED;
  }
}

extern "C" [[gnu::used]] void svm_handle_exit(svm::SvmCpu* cpu) {
  cpu->registers.rax = cpu->vmcb->rax;
  cpu->registers.rsp = cpu->vmcb->rsp;
  handle_exit<svm::Svm>(*cpu);
  cpu->vmcb->rax = cpu->registers.rax;
  cpu->vmcb->rsp = cpu->registers.rsp;
}

extern "C" [[gnu::used]] void vmx_handle_exit(vmx::VmxCpu* cpu) {
  with_guest_state(*cpu, [cpu] { handle_exit<vmx::Vmx>(*cpu); });
}

extern "C" [[gnu::used]] void vmx_handle_nmi(vmx::VmxCpu* cpu) {
  with_guest_state(*cpu, [cpu] { handle_nmi_before_entry<vmx::Vmx>(*cpu); });
}

extern "C" [[gnu::used, noreturn]] void vmx_entry_failed(vmx::VmxCpu* cpu) {
  end_guest(*cpu, "the processor refused to run the guest");
}

}  // namespace hyperdbg
