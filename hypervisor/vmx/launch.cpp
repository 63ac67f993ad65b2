// SPDX-License-Identifier: MIT
#include "hypervisor/core/halt.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/core/root_mode.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "hypervisor/cpu/routines.hpp"
#include "hypervisor/vmx/backend.hpp"
#include "x86/msr.hpp"
#include "x86/registers.hpp"

// Entering a CPU. Intel SDM vol. 3, 24.7 "Enabling and Entering VMX Operation", 32.6 "Preparation and
// Launching a Virtual Machine".
namespace hyperdbg::vmx {

using cpu::vmread;
using cpu::vmwrite;
using x86::Cr4;
using x86::Msr;
using x86::vmx::Basic;
using x86::vmx::EptVpidCapability;
using x86::vmx::Field16;
using x86::vmx::Field32;
using x86::vmx::Field64;
using x86::vmx::FieldNatural;
using x86::vmx::FixedBits;
using x86::vmx::InvalidationType;
using x86::vmx::of_segment;
using x86::vmx::Segment;

namespace {

constexpr u16 selector_index_mask = 0xfff8;

bool ept_usable(EptVpidCapability capability) {
  return capability.get(EptVpidCapability::walk_length_4) && capability.get(EptVpidCapability::write_back) &&
         capability.get(EptVpidCapability::page_2m) && capability.get(EptVpidCapability::invept) &&
         (capability.get(EptVpidCapability::invept_single_context) ||
          capability.get(EptVpidCapability::invept_all_contexts));
}

EptVpidCapability ept_capability() {
  return EptVpidCapability{cpu::rdmsr(Msr::VMX_EPT_VPID_CAP)};
}

FixedBits cr0_fixed_bits() {
  return {cpu::rdmsr(Msr::VMX_CR0_FIXED0), cpu::rdmsr(Msr::VMX_CR0_FIXED1)};
}
FixedBits cr4_fixed_bits() {
  return {cpu::rdmsr(Msr::VMX_CR4_FIXED0), cpu::rdmsr(Msr::VMX_CR4_FIXED1)};
}

// Root mode's: Linux's, but VMX is on, and control-flow enforcement, which would want its marks in the image, is off.
u64 root_cr4(u64 linux_cr4) {
  return Cr4{linux_cr4}.with(Cr4::vmxe, true).with(Cr4::cet, false).value;
}

void fill_capabilities(VmxCpu& cpu, const ControlSet& controls) {
  const EptVpidCapability capability = ept_capability();
  const bool one_context = capability.get(EptVpidCapability::invept_single_context);
  cpu.invept_type = one_context ? InvalidationType::single_context : InvalidationType::all_contexts;
  const bool one_vpid = capability.get(EptVpidCapability::invvpid_single_context);
  cpu.invvpid_type = one_vpid ? InvalidationType::single_context : InvalidationType::all_contexts;
  cpu.has_vpid = (controls.secondary & x86::vmx::secondary::ENABLE_VPID) != 0;
  cpu.cr0_fixed = cr0_fixed_bits();
  cpu.cr4_fixed = cr4_fixed_bits();
  cpu.ept_pointer = x86::vmx::EptPointer{raw(machine.nested->root())}
                        .with(x86::vmx::EptPointer::walk_length_minus_1, u64{3})
                        .with(x86::vmx::EptPointer::memory_type, static_cast<u64>(x86::MemoryType::write_back))
                        .value;
}

// A VPID is of no use without a way to forget what it holds.
ControlSet usable_controls() {
  ControlSet controls = choose_controls();
  const EptVpidCapability capability = ept_capability();
  if (!capability.get(EptVpidCapability::invvpid) || !(capability.get(EptVpidCapability::invvpid_single_context) ||
                                                       capability.get(EptVpidCapability::invvpid_all_contexts)))
    controls.secondary &= ~x86::vmx::secondary::ENABLE_VPID;
  return controls;
}

bool begin_vmx_operation(const VmxCpu& cpu) {
  const u32 revision = Basic{cpu::rdmsr(Msr::VMX_BASIC)}.get(Basic::revision);
  const u64 vmxon_region = cpu.boot->host_area, vmcs = cpu.boot->control_block;
  *machine.memory.at<u32>(PhysicalAddress{vmxon_region}) = revision;
  *machine.memory.at<u32>(PhysicalAddress{vmcs}) = revision;
  if (!cpu::vmxon(vmxon_region)) return false;
  if (cpu::vmclear(vmcs) && cpu::vmptrld(vmcs)) return true;
  cpu::vmxoff();
  return false;
}

// Base of a TSS or LDT, whose descriptors are 16 bytes long; 0 for a null selector.
u64 system_segment_base(const cpu::DescriptorTable& gdt, u16 selector) {
  if ((selector & selector_index_mask) == 0) return 0;
  const u64* descriptor = reinterpret_cast<const u64*>(gdt.base + (selector & selector_index_mask));
  return (descriptor[0] >> 16 & 0xffffff) | (descriptor[0] >> 56) << 24 | descriptor[1] << 32;
}

// 25.4.1: access rights are bits 15:8 and 23:20 of what LAR gives, or "unusable".
void fill_segment(Segment segment, u16 selector, u64 base) {
  constexpr u32 unusable = 1u << 16;
  const bool null = (selector & ~3u) == 0;
  vmwrite(of_segment(Field16::GUEST_ES_SELECTOR, segment), selector);
  vmwrite(of_segment(FieldNatural::GUEST_ES_BASE, segment), base);
  vmwrite(of_segment(Field32::GUEST_ES_LIMIT, segment), null ? 0 : cpu::lsl(selector));
  vmwrite(of_segment(Field32::GUEST_ES_ACCESS_RIGHTS, segment), null ? unusable : cpu::lar(selector) >> 8 & 0xf0ff);
}

void fill_segments(const cpu::DescriptorTable& gdt) {
  fill_segment(Segment::ES, cpu::read_es(), 0);
  fill_segment(Segment::CS, cpu::read_cs(), 0);
  fill_segment(Segment::SS, cpu::read_ss(), 0);
  fill_segment(Segment::DS, cpu::read_ds(), 0);
  fill_segment(Segment::FS, cpu::read_fs(), cpu::rdmsr(Msr::FS_BASE));
  fill_segment(Segment::GS, cpu::read_gs(), cpu::rdmsr(Msr::GS_BASE));
  fill_segment(Segment::LDTR, cpu::sldt(), system_segment_base(gdt, cpu::sldt()));
  fill_segment(Segment::TR, cpu::str(), system_segment_base(gdt, cpu::str()));
}

void fill_guest_state(u64 linux_cr3, u64 linux_cr4, u64 rsp, u64 rip) {
  const cpu::DescriptorTable gdt = cpu::sgdt(), idt = cpu::sidt();
  fill_segments(gdt);
  vmwrite(FieldNatural::GUEST_GDTR_BASE, gdt.base);
  vmwrite(Field32::GUEST_GDTR_LIMIT, gdt.limit);
  vmwrite(FieldNatural::GUEST_IDTR_BASE, idt.base);
  vmwrite(Field32::GUEST_IDTR_LIMIT, idt.limit);
  vmwrite(FieldNatural::GUEST_CR0, cpu::read_cr0());
  vmwrite(FieldNatural::GUEST_CR3, linux_cr3);
  vmwrite(FieldNatural::GUEST_CR4, Cr4{linux_cr4}.with(Cr4::vmxe, true).value);
  vmwrite(FieldNatural::CR4_READ_SHADOW, linux_cr4);
  vmwrite(FieldNatural::GUEST_DR7, cpu::read_dr<7>());
  vmwrite(FieldNatural::GUEST_RSP, rsp);
  vmwrite(FieldNatural::GUEST_RIP, rip);
  vmwrite(FieldNatural::GUEST_RFLAGS, x86::Rflags::always_one);
  vmwrite(FieldNatural::GUEST_PENDING_DEBUG_EXCEPTIONS, 0);
  vmwrite(Field32::GUEST_INTERRUPTIBILITY_STATE, 0);
  vmwrite(Field32::GUEST_ACTIVITY_STATE, static_cast<u32>(x86::vmx::ActivityState::active));
  vmwrite(Field64::GUEST_DEBUGCTL, cpu::rdmsr(Msr::DEBUGCTL));
  vmwrite(Field64::GUEST_PAT, cpu::rdmsr(Msr::PAT));
  vmwrite(Field64::GUEST_EFER, cpu::rdmsr(Msr::EFER));
  vmwrite(Field32::GUEST_SYSENTER_CS, static_cast<u32>(cpu::rdmsr(Msr::SYSENTER_CS)));
  vmwrite(FieldNatural::GUEST_SYSENTER_ESP, cpu::rdmsr(Msr::SYSENTER_ESP));
  vmwrite(FieldNatural::GUEST_SYSENTER_EIP, cpu::rdmsr(Msr::SYSENTER_EIP));
}

// What each exit loads: root mode as enter_root_mode() has made it. TR keeps Linux's base, where the image's tables
// have our TSS.
void fill_host_state(const VmxCpu& cpu) {
  for (const Field16 null :
       {Field16::HOST_ES_SELECTOR, Field16::HOST_DS_SELECTOR, Field16::HOST_FS_SELECTOR, Field16::HOST_GS_SELECTOR}) {
    vmwrite(null, 0);
  }
  vmwrite(Field16::HOST_CS_SELECTOR, cpu::read_cs());
  vmwrite(Field16::HOST_SS_SELECTOR, cpu::read_ss());
  vmwrite(Field16::HOST_TR_SELECTOR, cpu::str());
  for (const FieldNatural none : {FieldNatural::HOST_FS_BASE, FieldNatural::HOST_GS_BASE,
                                  FieldNatural::HOST_SYSENTER_ESP, FieldNatural::HOST_SYSENTER_EIP}) {
    vmwrite(none, 0);
  }
  vmwrite(Field32::HOST_SYSENTER_CS, 0);
  vmwrite(FieldNatural::HOST_TR_BASE, vmread(FieldNatural::GUEST_TR_BASE));
  vmwrite(FieldNatural::HOST_GDTR_BASE, cpu::sgdt().base);
  vmwrite(FieldNatural::HOST_IDTR_BASE, cpu::sidt().base);
  vmwrite(FieldNatural::HOST_CR0, cpu::read_cr0());
  vmwrite(FieldNatural::HOST_CR3, cpu.boot->cr3);
  vmwrite(FieldNatural::HOST_CR4, cpu::read_cr4());
  vmwrite(Field64::HOST_PAT, cpu::rdmsr(Msr::PAT));
  // A SYSCALL of custom code would enter the guest's kernel.
  vmwrite(Field64::HOST_EFER, x86::Efer{cpu::rdmsr(Msr::EFER)}.with(x86::Efer::sce, false).value);
  vmwrite(FieldNatural::HOST_RSP, cpu_area::base_of(cpu.core) + cpu_area::stack_top - 16);  // see vmx_run.S
  vmwrite(FieldNatural::HOST_RIP, reinterpret_cast<u64>(&vmx_exit));
}

}  // namespace

u32 Vmx::check() {
  constexpr u32 vmx = 1u << 5, mtrr = 1u << 12;
  if ((cpu::cpuid(1, 0).ecx & vmx) == 0 || (cpu::cpuid(1, 0).edx & mtrr) == 0) return HYPERDBG_ENTER_UNSUPPORTED;
  const x86::FeatureControl feature_control{cpu::rdmsr(Msr::FEATURE_CONTROL)};
  if (!feature_control.get(x86::FeatureControl::lock) || !feature_control.get(x86::FeatureControl::vmx_outside_smx))
    return HYPERDBG_ENTER_DISABLED;
  const u64 cr4 = cpu::read_cr4();
  if (Cr4{cr4}.get(Cr4::vmxe)) return HYPERDBG_ENTER_IN_USE;
  const Basic basic{cpu::rdmsr(Msr::VMX_BASIC)};
  if (!basic.get(Basic::true_controls) || basic.get(Basic::only_32_bits) ||
      basic.get(Basic::memory_type) != static_cast<u8>(x86::MemoryType::write_back))
    return HYPERDBG_ENTER_UNSUPPORTED;
  if (!cr0_fixed_bits().allow(cpu::read_cr0()) || !cr4_fixed_bits().allow(root_cr4(cr4)))
    return HYPERDBG_ENTER_UNSUPPORTED;
  const u64 secondary = cpu::rdmsr(Msr::VMX_TRUE_PROCBASED_CTLS) >> 32;
  if ((secondary & x86::vmx::primary::ACTIVATE_SECONDARY_CONTROLS) == 0) return HYPERDBG_ENTER_NO_NESTED_PAGING;
  if ((cpu::rdmsr(Msr::VMX_PROCBASED_CTLS2) >> 32 & x86::vmx::secondary::ENABLE_EPT) == 0)
    return HYPERDBG_ENTER_NO_NESTED_PAGING;
  if (!ept_usable(ept_capability())) return HYPERDBG_ENTER_NO_NESTED_PAGING;
  return choose_controls().complete ? 0 : HYPERDBG_ENTER_UNSUPPORTED;
}

NestedPaging Vmx::nested_paging() {
  const bool gigabytes = ept_capability().get(EptVpidCapability::page_1g);
  const u32 physical_address_bits = cpu::cpuid(0x80000008, 0).eax & 0xff;
  return {nested_format<EptFormat>, gigabytes ? LargestPage::one_gigabyte : LargestPage::two_megabytes,
          x86::MemoryTypes::from_mtrrs([](Msr msr) { return cpu::rdmsr(msr); }, physical_address_bits)};
}

u32 enter(VmxCpu& cpu, u64 linux_cr3, u64 rsp, u64 rip) {
  const ControlSet controls = usable_controls();
  const u64 linux_cr4 = cpu::read_cr4();
  fill_capabilities(cpu, controls);
  cpu.msr_bitmap = machine.memory.at<u8>(PhysicalAddress{cpu.boot->msr_permissions});
  cpu.io_bitmap = machine.memory.at<u8>(PhysicalAddress{cpu.boot->io_permissions});
  cpu.cr2 = cpu::read_cr2();
  cpu::write_cr4(root_cr4(linux_cr4));
  if (!begin_vmx_operation(cpu)) {
    cpu::write_cr4(linux_cr4);
    return HYPERDBG_ENTER_IN_USE;
  }
  write_controls(cpu, controls);
  fill_guest_state(linux_cr3, linux_cr4, rsp, rip);
  machine.engine.set_not_intercepted(not_intercepted(controls));
  apply_intercepts(cpu);
  Vmx::flush(cpu);  // of an earlier stay
  forget_linear_translations(cpu);

  // Own GDT, IDT, TSS; Linux's upper half is gone from here on.
  enter_root_mode(cpu, vmread(FieldNatural::GUEST_TR_BASE));
  fill_host_state(cpu);
  machine.cpu_online(cpu);
  vmx_run(&cpu);
}

}  // namespace hyperdbg::vmx
