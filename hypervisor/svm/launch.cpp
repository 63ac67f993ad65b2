// SPDX-License-Identifier: MIT
#include "hypervisor/core/halt.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/core/root_mode.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "hypervisor/cpu/routines.hpp"
#include "hypervisor/svm/backend.hpp"
#include "x86/msr.hpp"
#include "x86/registers.hpp"

// Entering and leaving a CPU. The order is the one that hardware forgives: AMD APM vol. 2, 15.5 and 15.6.
namespace hyperdbg::svm {

using x86::Msr;
using x86::svm::Segment;

namespace {

constexpr u32 leaf_svm = 0x8000000a;

Segment segment(u16 selector) {
  Segment result{.selector = selector, .attributes = 0, .limit = 0, .base = 0};
  if ((selector & ~3u) == 0) return result;
  const u32 rights = cpu::lar(selector);
  result.attributes = static_cast<u16>((rights >> 8 & 0xff) | (rights >> 12 & 0xf00));
  result.limit = cpu::lsl(selector);
  return result;
}

Segment table(const cpu::DescriptorTable& register_value) {
  return {.selector = 0, .attributes = 0, .limit = register_value.limit, .base = register_value.base};
}

void fill_state(SvmCpu& cpu, u64 linux_cr3, u64 rsp, u64 rip) {
  x86::svm::Vmcb& vmcb = *cpu.vmcb;
  vmcb.cs = segment(cpu::read_cs());
  vmcb.ss = segment(cpu::read_ss());
  vmcb.ds = segment(cpu::read_ds());
  vmcb.es = segment(cpu::read_es());
  vmcb.gdtr = table(cpu::sgdt());
  vmcb.idtr = table(cpu::sidt());
  vmcb.cr0 = cpu::read_cr0();
  vmcb.cr2 = cpu::read_cr2();
  vmcb.cr3 = linux_cr3;
  vmcb.cr4 = cpu::read_cr4();
  vmcb.dr6 = cpu::read_dr<6>();
  vmcb.dr7 = cpu::read_dr<7>();
  vmcb.efer = cpu::rdmsr(Msr::EFER);  // SVME is on by now, as VMRUN demands
  vmcb.g_pat = cpu::rdmsr(Msr::PAT);
  vmcb.rflags = x86::Rflags::always_one;
  vmcb.rsp = rsp;
  vmcb.rip = rip;
  vmcb.cpl = 0;
  if (cpu.virtual_spec_ctrl) vmcb.spec_ctrl = cpu::rdmsr(Msr::SPEC_CTRL);
}

// APM vol. 2, 15.25.3: nested tables have as many levels as the host's own paging mode, which is Linux's. What the
// guest calls physical needs no fifth level, so one entry on top of the usual four is enough.
Result<u64> nested_root() {
  static constinit u64 top = 0;
  if (machine.boot->levels != 5) return raw(machine.nested->root());
  if (top == 0) {
    const PhysicalAddress page = TRY(machine.pool->take());
    *machine.memory.at<u64>(page) = AmdFormat::table(raw(machine.nested->root()));
    top = raw(page);
  }
  return top;
}

void fill_control(SvmCpu& cpu, u64 root) {
  x86::svm::Vmcb& vmcb = *cpu.vmcb;
  namespace i3 = x86::svm::intercept3;
  namespace i4 = x86::svm::intercept4;
  vmcb.intercept3 = i3::NMI | i3::IOIO_PROT | i3::MSR_PROT | i3::SHUTDOWN;
  vmcb.intercept4 = i4::VMRUN | i4::VMMCALL | i4::VMLOAD | i4::VMSAVE | i4::STGI | i4::CLGI | i4::SKINIT;
  vmcb.msrpm_base_pa = cpu.boot->msr_permissions;
  vmcb.iopm_base_pa = cpu.boot->io_permissions;
  vmcb.guest_asid = 1;
  vmcb.tlb_control = x86::svm::TlbControl::flush_all;
  vmcb.np_enable = 1;
  vmcb.n_cr3 = root;
  vmcb.tsc_offset = machine.tsc_offset;
}

// No capability tells whether XSETBV exits, and QEMU's does not: a guest of two instructions tries. It runs on the page
// tables and the stack of the moment. An NMI belongs to whoever is in charge of the IDT now.
bool xsetbv_exits(SvmCpu& cpu) {
  using x86::svm::ExitCode;
  namespace i3 = x86::svm::intercept3;
  namespace i4 = x86::svm::intercept4;
  if (!x86::Cr4{cpu::read_cr4()}.get(x86::Cr4::osxsave)) return false;
  x86::svm::Vmcb& vmcb = *cpu.vmcb;
  const u64 dr6 = cpu::read_dr<6>(), dr7 = cpu::read_dr<7>();  // #VMEXIT resets them
  for (int tries = 0; tries < 8; ++tries) {
    vmcb = {};
    fill_state(cpu, cpu::read_cr3(), reinterpret_cast<u64>(__builtin_frame_address(0)),
               reinterpret_cast<u64>(&svm_xsetbv_guest));
    vmcb.rax = static_cast<u32>(cpu::xgetbv(0));
    vmcb.intercept3 = i3::NMI | i3::SHUTDOWN;
    vmcb.intercept4 = i4::VMRUN | i4::VMMCALL | i4::XSETBV;
    vmcb.guest_asid = 1;
    vmcb.tlb_control = x86::svm::TlbControl::flush_all;
    svm_try_xsetbv(cpu.vmcb_physical);
    if (static_cast<ExitCode>(vmcb.exitcode) != ExitCode::NMI) break;
    svm_take_nmi();
  }
  cpu::write_dr<6>(dr6);
  cpu::write_dr<7>(dr7);
  return static_cast<ExitCode>(vmcb.exitcode) == ExitCode::XSETBV;
}

}  // namespace

u32 Svm::check() {
  if (cpu::cpuid(0x80000000, 0).eax < leaf_svm) return HYPERDBG_ENTER_UNSUPPORTED;
  if ((cpu::cpuid(0x80000001, 0).ecx & 1u << 2) == 0) return HYPERDBG_ENTER_UNSUPPORTED;
  if (x86::VmCr{cpu::rdmsr(Msr::VM_CR)}.get(x86::VmCr::svmdis)) return HYPERDBG_ENTER_DISABLED;
  if (x86::Efer{cpu::rdmsr(Msr::EFER)}.get(x86::Efer::svme)) return HYPERDBG_ENTER_IN_USE;
  if ((cpu::cpuid(leaf_svm, 0).edx & 1u << 0) == 0) return HYPERDBG_ENTER_NO_NESTED_PAGING;
  return 0;
}

NestedPaging Svm::nested_paging() {
  constexpr u32 page_1gb = 1u << 26;
  const bool gigabytes = (cpu::cpuid(0x80000001, 0).edx & page_1gb) != 0;
  return {nested_format<AmdFormat>, gigabytes ? LargestPage::one_gigabyte : LargestPage::two_megabytes,
          x86::MemoryTypes{x86::MemoryType::write_back}};
}

u32 enter(SvmCpu& cpu, u64 linux_cr3, u64 rsp, u64 rip) {
  const Result<u64> root = nested_root();
  if (!root.ok()) return HYPERDBG_ENTER_NO_MEMORY;
  const u32 features = cpu::cpuid(leaf_svm, 0).edx;
  cpu.next_rip_save = (features & 1u << 3) != 0;
  cpu.virtual_spec_ctrl = (features & 1u << 20) != 0;
  cpu.vmcb_physical = cpu.boot->control_block;
  cpu.vmcb = machine.memory.at<x86::svm::Vmcb>(PhysicalAddress{cpu.vmcb_physical});
  cpu.msr_permissions = machine.memory.at<u8>(PhysicalAddress{cpu.boot->msr_permissions});
  cpu.io_permissions = machine.memory.at<u8>(PhysicalAddress{cpu.boot->io_permissions});

  cpu.linux_host_save = cpu::rdmsr(Msr::VM_HSAVE_PA);
  cpu.guest_host_save = cpu.linux_host_save;
  cpu::wrmsr(Msr::EFER, x86::Efer{cpu::rdmsr(Msr::EFER)}.with(x86::Efer::svme, true).value);
  svm_close_gif();
  cpu::wrmsr(Msr::VM_HSAVE_PA, cpu.boot->host_area);
  machine.engine.set_not_intercepted(xsetbv_exits(cpu) ? 0 : 1u << HYPERDBG_EVENT_XSETBV);
  *cpu.vmcb = {};
  svm_save(cpu.vmcb_physical);
  fill_state(cpu, linux_cr3, rsp, rip);
  fill_control(cpu, root.value());
  apply_intercepts(cpu);

  enter_root_mode(cpu, cpu.vmcb->tr.base);  // own GDT, IDT, TSS; Linux's upper half is gone from here on
  machine.cpu_online(cpu);
  // A SYSCALL of custom code would enter the guest's kernel; leave() gives Linux its EFER.
  cpu::wrmsr(Msr::EFER, x86::Efer{cpu::rdmsr(Msr::EFER)}.with(x86::Efer::sce, false).value);
  svm_run(&cpu, cpu.vmcb_physical);
}

void Svm::leave(Cpu& cpu) {
  const x86::svm::Vmcb& vmcb = *cpu.vmcb;
  const u64 resume = cpu.registers.rcx;
  machine.cpu_offline(cpu);
  leave_root_mode(vmcb.cr3);
  cpu::write_cr0(vmcb.cr0);
  cpu::write_cr4(vmcb.cr4);
  cpu::write_cr2(vmcb.cr2);
  cpu::lgdt({.limit = static_cast<u16>(vmcb.gdtr.limit), .base = vmcb.gdtr.base});
  cpu::lidt({.limit = static_cast<u16>(vmcb.idtr.limit), .base = vmcb.idtr.base});
  load_code_segment(vmcb.cs.selector);
  cpu::write_ss(vmcb.ss.selector);
  cpu::write_ds(vmcb.ds.selector);
  cpu::write_es(vmcb.es.selector);
  cpu::write_dr<6>(vmcb.dr6);
  cpu::write_dr<7>(vmcb.dr7);
  cpu::wrmsr(Msr::PAT, vmcb.g_pat);
  cpu::wrmsr(Msr::EFER, vmcb.efer);  // SVME goes last, in the module's stub, when GIF is open again
  if (cpu.virtual_spec_ctrl) cpu::wrmsr(Msr::SPEC_CTRL, vmcb.spec_ctrl);
  if (vmcb.tsc_offset != 0) cpu::wrmsr(Msr::TSC, cpu::rdtsc() + vmcb.tsc_offset);  // the guest's clock stays its own
  image_leave(vmcb.rsp, resume, vmcb.cr3, cpu.linux_host_save, HYPERDBG_VENDOR_AMD);
}

}  // namespace hyperdbg::svm
