// SPDX-License-Identifier: MIT
#include "hypervisor/core/apic.hpp"
#include "hypervisor/core/fault_report.hpp"
#include "hypervisor/core/guest.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/core/root_mode.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "hypervisor/cpu/routines.hpp"
#include "hypervisor/vmx/backend.hpp"
#include "x86/msr.hpp"

// Leaving a CPU: the VMCS is read, VMX operation ended, and everything that exits had replaced becomes Linux's again.
namespace hyperdbg::vmx {

using cpu::vmread;
using x86::Msr;
using x86::vmx::Field16;
using x86::vmx::Field32;
using x86::vmx::Field64;
using x86::vmx::FieldNatural;

namespace {

// What the VMCS held of Linux, for the time after VMXOFF.
struct LinuxState {
  u64 cr0, cr3, cr4, dr7, rsp, fs_base, gs_base, debugctl, pat, efer, sysenter_esp, sysenter_eip, tsc_offset;
  u32 sysenter_cs;
  u16 es, cs, ss, ds, fs, gs, ldtr, tr;  // selectors
  cpu::DescriptorTable gdt, idt;
};

LinuxState read_linux_state(const VmxCpu& cpu) {
  return {.cr0 = vmread(FieldNatural::GUEST_CR0),
          .cr3 = vmread(FieldNatural::GUEST_CR3),
          .cr4 = guest_cr4(cpu),
          .dr7 = vmread(FieldNatural::GUEST_DR7),
          .rsp = vmread(FieldNatural::GUEST_RSP),
          .fs_base = vmread(FieldNatural::GUEST_FS_BASE),
          .gs_base = vmread(FieldNatural::GUEST_GS_BASE),
          .debugctl = vmread(Field64::GUEST_DEBUGCTL),
          .pat = vmread(Field64::GUEST_PAT),
          .efer = vmread(Field64::GUEST_EFER),
          .sysenter_esp = vmread(FieldNatural::GUEST_SYSENTER_ESP),
          .sysenter_eip = vmread(FieldNatural::GUEST_SYSENTER_EIP),
          .tsc_offset = vmread(Field64::TSC_OFFSET),
          .sysenter_cs = vmread(Field32::GUEST_SYSENTER_CS),
          .es = vmread(Field16::GUEST_ES_SELECTOR),
          .cs = vmread(Field16::GUEST_CS_SELECTOR),
          .ss = vmread(Field16::GUEST_SS_SELECTOR),
          .ds = vmread(Field16::GUEST_DS_SELECTOR),
          .fs = vmread(Field16::GUEST_FS_SELECTOR),
          .gs = vmread(Field16::GUEST_GS_SELECTOR),
          .ldtr = vmread(Field16::GUEST_LDTR_SELECTOR),
          .tr = vmread(Field16::GUEST_TR_SELECTOR),
          .gdt = {.limit = static_cast<u16>(vmread(Field32::GUEST_GDTR_LIMIT)),
                  .base = vmread(FieldNatural::GUEST_GDTR_BASE)},
          .idt = {.limit = static_cast<u16>(vmread(Field32::GUEST_IDTR_LIMIT)),
                  .base = vmread(FieldNatural::GUEST_IDTR_BASE)}};
}

// LTR wants a TSS that is not busy and marks it so, and Linux maps its GDT read-only: it is loaded through the direct
// map. An exit had cut the limit of TR to 67h, which is why it must be loaded again.
void load_task_register(const LinuxState& state, u64 gdt_physical) {
  constexpr u64 busy = 1ull << 41;
  u64* gdt = machine.memory.at<u64>(PhysicalAddress{gdt_physical});
  gdt[state.tr >> 3] &= ~busy;
  cpu::lgdt({.limit = state.gdt.limit, .base = reinterpret_cast<u64>(gdt)});
  cpu::ltr(state.tr);
}

void load_segments(const LinuxState& state) {
  cpu::lgdt(state.gdt);
  cpu::lldt(state.ldtr);
  load_code_segment(state.cs);
  cpu::write_ss(state.ss);
  cpu::write_ds(state.ds);
  cpu::write_es(state.es);
  cpu::write_fs(state.fs);
  cpu::write_gs(state.gs);
  cpu::wrmsr(Msr::FS_BASE, state.fs_base);  // after the selectors, which replace the bases
  cpu::wrmsr(Msr::GS_BASE, state.gs_base);
}

void load_msrs(const LinuxState& state) {
  cpu::wrmsr(Msr::SYSENTER_CS, state.sysenter_cs);
  cpu::wrmsr(Msr::SYSENTER_ESP, state.sysenter_esp);
  cpu::wrmsr(Msr::SYSENTER_EIP, state.sysenter_eip);
  cpu::wrmsr(Msr::PAT, state.pat);
  cpu::wrmsr(Msr::EFER, state.efer);
  cpu::wrmsr(Msr::DEBUGCTL, state.debugctl);
}

}  // namespace

void Vmx::leave(Cpu& cpu) {
  const u64 resume = cpu.registers.rcx;
  u64 gdt_physical = 0;
  if (!translate_virtual(cpu, vmread(FieldNatural::GUEST_GDTR_BASE), gdt_physical)) {
    report("\nhyperdbg: the guest's GDT is not mapped\n");
    stop_machine(cpu);
  }
  machine.cpu_offline(cpu);
  const LinuxState state = read_linux_state(cpu);
  cpu::vmclear(cpu.boot->control_block);  // what the processor holds of it goes to memory
  cpu::vmxoff();
  leave_root_mode(state.cr3);
  cpu::write_cr0(state.cr0);
  cpu::write_cr4(state.cr4);
  cpu::write_cr2(cpu.cr2);
  load_task_register(state, gdt_physical);
  load_segments(state);
  cpu::write_dr<7>(state.dr7);
  load_msrs(state);
  cpu::lidt(state.idt);  // last, because Linux's NMI handler needs everything above
  if (take_nmi(cpu)) send_nmi(static_cast<u32>(cpu.boot->apic_id));  // one that was Linux's
  if (state.tsc_offset != 0) cpu::wrmsr(Msr::TSC, cpu::rdtsc() + state.tsc_offset);
  image_leave(state.rsp, resume, state.cr3, 0, HYPERDBG_VENDOR_INTEL);
}

}  // namespace hyperdbg::vmx
