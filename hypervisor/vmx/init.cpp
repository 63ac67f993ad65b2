// SPDX-License-Identifier: MIT
#include "hypervisor/core/machine.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "hypervisor/vmx/backend.hpp"
#include "x86/registers.hpp"

// INIT exits from a guest instead of resetting the processor, so the reset is done here. Linux sends one when it wakes
// a CPU that has left us long ago; another sender (a crash kernel, firmware) may mean one that has not.
namespace hyperdbg::vmx {

using cpu::vmread;
using cpu::vmwrite;
using x86::vmx::ActivityState;
using x86::vmx::Field16;
using x86::vmx::Field32;
using x86::vmx::Field64;
using x86::vmx::FieldNatural;
using x86::vmx::of_segment;
using x86::vmx::Segment;

namespace {

constexpr u32 data_segment = 0x93, code_segment = 0x9b, ldt = 0x82, busy_tss = 0x8b;  // access rights

void set_segment(Segment segment, u16 selector, u64 base, u32 rights) {
  vmwrite(of_segment(Field16::GUEST_ES_SELECTOR, segment), selector);
  vmwrite(of_segment(FieldNatural::GUEST_ES_BASE, segment), base);
  vmwrite(of_segment(Field32::GUEST_ES_LIMIT, segment), 0xffff);
  vmwrite(of_segment(Field32::GUEST_ES_ACCESS_RIGHTS, segment), rights);
}

void reset_segments() {
  set_segment(Segment::CS, 0xf000, 0xffff0000, code_segment);
  for (const Segment segment : {Segment::ES, Segment::SS, Segment::DS, Segment::FS, Segment::GS})
    set_segment(segment, 0, 0, data_segment);
  set_segment(Segment::LDTR, 0, 0, ldt);
  set_segment(Segment::TR, 0, 0, busy_tss);
  for (const FieldNatural base : {FieldNatural::GUEST_GDTR_BASE, FieldNatural::GUEST_IDTR_BASE}) vmwrite(base, 0);
  for (const Field32 limit : {Field32::GUEST_GDTR_LIMIT, Field32::GUEST_IDTR_LIMIT}) vmwrite(limit, 0xffff);
}

}  // namespace

// Intel SDM vol. 3, table 10-1 "IA-32 and Intel 64 Processor States Following Power-up, Reset, or INIT". MSRs, TSC and
// caches stay. CR0.NE is 1 in VMX operation, so it is 1 here too.
void reset_by_init(VmxCpu& cpu) {
  constexpr u64 cr0_et = 1 << 4, cr0_cd_nw = 3ull << 29;
  machine.cpu_offline(cpu);  // NMIs cannot stop a CPU that waits for its start-up
  const u64 caching = vmread(FieldNatural::GUEST_CR0) & cr0_cd_nw;
  cpu.registers = {};
  cpu.registers.rdx = cpu::cpuid(1, 0).eax;
  cpu.cr2 = 0;
  reset_segments();
  vmwrite(FieldNatural::GUEST_CR0, caching | cr0_et | x86::Cr0::ne.mask);
  vmwrite(FieldNatural::GUEST_CR3, 0);
  vmwrite(FieldNatural::GUEST_CR4, x86::Cr4::vmxe.mask);
  vmwrite(FieldNatural::CR4_READ_SHADOW, 0);
  vmwrite(Field64::GUEST_EFER, cpu.system_calls.hidden(0));
  vmwrite(Field32::ENTRY_CONTROLS, vmread(Field32::ENTRY_CONTROLS) & ~x86::vmx::vm_entry::IA32E_MODE_GUEST);
  vmwrite(FieldNatural::GUEST_RFLAGS, x86::Rflags::always_one);
  vmwrite(FieldNatural::GUEST_RIP, 0xfff0);
  vmwrite(FieldNatural::GUEST_DR7, 0x400);
  cpu::write_dr<6>(0xffff0ff0);
  vmwrite(FieldNatural::GUEST_PENDING_DEBUG_EXCEPTIONS, 0);
  vmwrite(Field32::GUEST_INTERRUPTIBILITY_STATE, 0);
  vmwrite(Field32::ENTRY_INTERRUPTION_INFORMATION, 0);
  vmwrite(Field32::GUEST_ACTIVITY_STATE, static_cast<u32>(ActivityState::wait_for_sipi));
  forget_linear_translations(cpu);
}

// Intel SDM vol. 3, 9.4.3: execution begins at the page that the vector names.
void start_up(VmxCpu& cpu, u8 vector) {
  set_segment(Segment::CS, static_cast<u16>(vector << 8), u64{vector} << 12, code_segment);
  vmwrite(FieldNatural::GUEST_RIP, 0);
  vmwrite(Field32::GUEST_ACTIVITY_STATE, static_cast<u32>(ActivityState::active));
  machine.cpu_online(cpu);
}

}  // namespace hyperdbg::vmx
