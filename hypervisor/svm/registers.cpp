// SPDX-License-Identifier: MIT
#include "x86/registers.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "hypervisor/cpu/live_registers.hpp"
#include "hypervisor/cpu/routines.hpp"
#include "hypervisor/svm/backend.hpp"

// The guest's registers by number: in the VMCB, or live in the processor (see the comment at struct Svm).
namespace hyperdbg::svm {

namespace {

u64* in_vmcb(x86::svm::Vmcb& vmcb, u32 number) {
  switch (number) {
    case HYPERDBG_RIP:
      return &vmcb.rip;
    case HYPERDBG_RFLAGS:
      return &vmcb.rflags;
    case HYPERDBG_CR0:
      return &vmcb.cr0;
    case HYPERDBG_CR2:
      return &vmcb.cr2;
    case HYPERDBG_CR3:
      return &vmcb.cr3;
    case HYPERDBG_CR4:
      return &vmcb.cr4;
    case HYPERDBG_DR6:
      return &vmcb.dr6;
    case HYPERDBG_DR7:
      return &vmcb.dr7;
    case HYPERDBG_GDTR:
      return &vmcb.gdtr.base;
    case HYPERDBG_IDTR:
      return &vmcb.idtr.base;
    default:
      return nullptr;
  }
}

u16 selector(u32 number) {
  switch (number) {
    case HYPERDBG_FS:
      return cpu::read_fs();
    case HYPERDBG_GS:
      return cpu::read_gs();
    case HYPERDBG_LDTR:
      return cpu::sldt();
    case HYPERDBG_TR:
      return cpu::str();
    default:
      return 0;
  }
}

// APM vol. 2, 14.6.1 "Activating Long Mode": paging switches it on and off.
bool write_cr0(SvmCpu& cpu, x86::Cr0 wanted) {
  constexpr u64 always_one = 1 << 4;  // ET
  const x86::Efer efer{cpu.vmcb->efer};
  if (x86::mov_to_cr0_faults(wanted, efer, x86::Cr4{cpu.vmcb->cr4}, Svm::code_bits(cpu) == 64)) return false;
  cpu.vmcb->efer = efer.with(x86::Efer::lma, efer.get(x86::Efer::lme) && wanted.get(x86::Cr0::pg)).value;
  cpu.vmcb->cr0 = wanted.value | always_one;
  return true;
}

// VMRUN refuses bits that the processor does not have, so it is asked: root mode's own CR4 bears them for a moment.
bool write_cr4(SvmCpu& cpu, x86::Cr4 wanted) {
  const x86::Cr4 now{cpu.vmcb->cr4};
  if (x86::mov_to_cr4_faults(now, wanted, x86::Efer{cpu.vmcb->efer}, cpu.vmcb->cr3)) return false;
  const u64 root = cpu::read_cr4();
  if (const u64 fresh = wanted.value & ~now.value & ~root; fresh != 0) {
    const bool exists = cpu::try_write_cr4(root | fresh);
    cpu::write_cr4(root);
    if (!exists) return false;
  }
  cpu.vmcb->cr4 = wanted.value;
  return true;
}

}  // namespace

bool Svm::write_control_register(Cpu& cpu, u8 number, u64 value) {
  const bool done = number == 0 ? write_cr0(cpu, x86::Cr0{value}) : write_cr4(cpu, x86::Cr4{value});
  if (done) flush(cpu);
  return done;
}

u64 Svm::read_register(const Cpu& cpu, u32 number) {
  if (number <= HYPERDBG_R15) return (&cpu.registers.rax)[number];
  if (const u64* value = in_vmcb(*cpu.vmcb, number)) return *value;
  switch (number) {
    case HYPERDBG_CS:
      return cpu.vmcb->cs.selector;
    case HYPERDBG_SS:
      return cpu.vmcb->ss.selector;
    case HYPERDBG_DS:
      return cpu.vmcb->ds.selector;
    case HYPERDBG_ES:
      return cpu.vmcb->es.selector;
    case HYPERDBG_FS_BASE:
      return cpu::rdmsr(x86::Msr::FS_BASE);
    case HYPERDBG_GS_BASE:
      return cpu::rdmsr(x86::Msr::GS_BASE);
    case HYPERDBG_EFER:
      return cpu.system_calls.shown(x86::Efer{cpu.vmcb->efer}.with(x86::Efer::svme, false).value);
    default:
      if (u64 value = 0; cpu::read_live_register(number, value)) return value;
      return selector(number);
  }
}

bool Svm::write_register(Cpu& cpu, u32 number, u64 value) {
  if (number <= HYPERDBG_R15) {
    (&cpu.registers.rax)[number] = value;
    return true;
  }
  if (number == HYPERDBG_RFLAGS) value |= x86::Rflags::always_one;
  if ((number == HYPERDBG_DR6 || number == HYPERDBG_DR7) && value >> 32 != 0) return false;
  if (u64* place = in_vmcb(*cpu.vmcb, number)) {
    *place = value;
    if (number == HYPERDBG_CR0 || number == HYPERDBG_CR3 || number == HYPERDBG_CR4) flush(cpu);
    if (number == HYPERDBG_RIP) cpu.instruction_pointer_set = true;
    if (number == HYPERDBG_CR2) cpu::write_cr2(value);    // Bochs's VMRUN does not load it
    if (number == HYPERDBG_DR7) cpu::write_dr<7>(value);  // QEMU's VMRUN does not arm the breakpoints in it
    return true;
  }
  switch (number) {
    case HYPERDBG_FS_BASE:
      return cpu::try_wrmsr(static_cast<u32>(x86::Msr::FS_BASE), value);
    case HYPERDBG_GS_BASE:
      return cpu::try_wrmsr(static_cast<u32>(x86::Msr::GS_BASE), value);
    default:
      // No selectors: one without its descriptor would contradict the hidden part.
      return cpu::write_live_register(number, value);
  }
}

void Svm::write_segment(Cpu& cpu, x86::Segment segment, const x86::SegmentRegister& value) {
  x86::svm::Vmcb& vmcb = *cpu.vmcb;
  const x86::svm::Segment hidden{value.selector, value.attributes, value.limit, value.base};
  if (segment == x86::Segment::ds) {
    vmcb.ds = hidden;
  } else if (segment == x86::Segment::es) {
    vmcb.es = hidden;
  } else {  // in the processor, which takes hidden parts from VMLOAD alone
    svm_save(cpu.vmcb_physical);
    (segment == x86::Segment::fs ? vmcb.fs : vmcb.gs) = hidden;
    svm_load(cpu.vmcb_physical);
  }
}

}  // namespace hyperdbg::svm
