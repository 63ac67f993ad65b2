// SPDX-License-Identifier: MIT
#include "hypervisor/svm/backend.hpp"

#include "tests/payload/guest.hpp"
#include "tests/payload/processor_of.hpp"
#include "tests/payload/root.hpp"
#include "x86/msr.hpp"

namespace hyperdbg::payload {

namespace {

constinit x86::svm::Vmcb saved{};

x86::svm::Vmcb& vmcb_of(const Vcpu& vcpu) {
  return *static_cast<const svm::SvmCpu&>(vcpu).vmcb;
}

constexpr Processor make() {
  Processor made = processor_of<svm::Svm>();
  made.vendor = HYPERDBG_VENDOR_AMD;
  made.execute_only = false;
  made.guest_end = guest_end_amd;
  made.vendor_instructions[0] = {{0x0f, 0x01, 0xd8}, 3};  // VMRUN
  made.vendor_instructions[1] = {{0x0f, 0x01, 0xda}, 3};  // VMLOAD
  made.vendor_instructions[2] = {{0x0f, 0x01, 0xdb}, 3};  // VMSAVE
  made.vendor_instructions[3] = {{0x0f, 0x01, 0xdc}, 3};  // STGI
  made.vendor_instructions[4] = {{0x0f, 0x01, 0xdd}, 3};  // CLGI
  made.vendor_instructions[5] = {{0x0f, 0x01, 0xde}, 3};  // SKINIT
  made.foreign_hypercall = {{0x0f, 0x01, 0xc1}, 3};       // VMCALL
  made.lock_msr = static_cast<u32>(x86::Msr::VM_CR);
  made.lock_value = x86::VmCr{}.with(x86::VmCr::svmdis, true).with(x86::VmCr::lock, true).value;
  made.save = [](const Vcpu& vcpu) { saved = vmcb_of(vcpu); };
  made.restore = [](Vcpu& vcpu) { vmcb_of(vcpu) = saved; };
  made.spoil = [](Vcpu& vcpu) { vmcb_of(vcpu).cr0 |= 1ull << 40; };
  return made;
}

}  // namespace

constinit const Processor amd = make();

}  // namespace hyperdbg::payload

// Called by hypervisor/cpu/svm_run.S, as in hypervisor/entry.
extern "C" [[gnu::used]] void svm_handle_exit(hyperdbg::svm::SvmCpu* cpu) {
  cpu->registers.rax = cpu->vmcb->rax;
  cpu->registers.rsp = cpu->vmcb->rsp;
  hyperdbg::payload::root_exit(*cpu);
  cpu->vmcb->rax = cpu->registers.rax;
  cpu->vmcb->rsp = cpu->registers.rsp;
}
