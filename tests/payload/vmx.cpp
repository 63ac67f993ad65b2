// SPDX-License-Identifier: MIT
#include "hypervisor/vmx/backend.hpp"

#include "tests/payload/guest.hpp"
#include "tests/payload/processor_of.hpp"
#include "tests/payload/root.hpp"
#include "tests/payload/text.hpp"
#include "x86/msr.hpp"

namespace hyperdbg::payload {

namespace {

using x86::vmx::Field16;
using x86::vmx::Field32;
using x86::vmx::Field64;
using x86::vmx::FieldNatural;

// The guest's state by ranges of fields, which lie two apart: Intel SDM vol. 3, appendix B.
struct Range {
  u32 first, last;
};
constexpr Range ranges[] = {
    {static_cast<u32>(Field16::GUEST_ES_SELECTOR), static_cast<u32>(Field16::GUEST_TR_SELECTOR)},
    {static_cast<u32>(Field64::GUEST_DEBUGCTL), static_cast<u32>(Field64::GUEST_EFER)},
    {static_cast<u32>(Field32::PRIMARY_CONTROLS), static_cast<u32>(Field32::PRIMARY_CONTROLS)},
    {static_cast<u32>(Field32::ENTRY_INTERRUPTION_INFORMATION), static_cast<u32>(Field32::ENTRY_INSTRUCTION_LENGTH)},
    {static_cast<u32>(Field32::GUEST_ES_LIMIT), static_cast<u32>(Field32::GUEST_ACTIVITY_STATE)},
    {static_cast<u32>(FieldNatural::CR4_READ_SHADOW), static_cast<u32>(FieldNatural::CR4_READ_SHADOW)},
    {static_cast<u32>(FieldNatural::GUEST_CR0), static_cast<u32>(FieldNatural::GUEST_SYSENTER_EIP)},
};
constinit u64 saved[80] = {};

template <class Each>
void for_each_field(Each each) {
  u64* place = saved;
  for (const Range& range : ranges) {
    for (u32 field = range.first; field <= range.last; field += 2) each(field, *place++);
  }
}

constexpr Processor make() {
  Processor made = processor_of<vmx::Vmx>();
  made.vendor = HYPERDBG_VENDOR_INTEL;
  made.execute_only = true;
  made.guest_end = guest_end_intel;
  made.vendor_instructions[0] = {{0xf3, 0x0f, 0xc7, 0x37}, 4};  // VMXON (RDI)
  made.vendor_instructions[1] = {{0x0f, 0xc7, 0x37}, 3};        // VMPTRLD (RDI)
  made.vendor_instructions[2] = {{0x0f, 0x78, 0x07}, 3};        // VMREAD RAX, (RDI)
  made.vendor_instructions[3] = {{0x0f, 0x79, 0x07}, 3};        // VMWRITE (RDI), RAX
  made.vendor_instructions[4] = {{0x66, 0x0f, 0xc7, 0x37}, 4};  // VMCLEAR (RDI)
  made.vendor_instructions[5] = {{0x0f, 0x01, 0xc4}, 3};        // VMXOFF
  made.foreign_hypercall = {{0x0f, 0x01, 0xd9}, 3};             // VMMCALL
  made.lock_msr = static_cast<u32>(x86::Msr::FEATURE_CONTROL);
  made.lock_value = x86::FeatureControl{}.with(x86::FeatureControl::lock, true).value;
  made.save = [](const Vcpu&) { for_each_field([](u32 field, u64& place) { place = cpu::vmread_raw(field); }); };
  made.restore = [](Vcpu&) { for_each_field([](u32 field, u64& place) { cpu::vmwrite_raw(field, place); }); };
  made.spoil = [](Vcpu&) { cpu::vmwrite(FieldNatural::GUEST_RFLAGS, 0); };  // bit 1 is always 1
  return made;
}

}  // namespace

constinit const Processor intel = make();

}  // namespace hyperdbg::payload

// Called by hypervisor/cpu/vmx_run.S, as in hypervisor/entry.
extern "C" [[gnu::used]] void vmx_handle_exit(hyperdbg::vmx::VmxCpu* cpu) {
  using namespace hyperdbg;
  cpu->registers.rsp = cpu::vmread(x86::vmx::FieldNatural::GUEST_RSP);
  cpu->cr2 = cpu::read_cr2();
  payload::root_exit(*cpu);
  cpu::vmwrite(x86::vmx::FieldNatural::GUEST_RSP, cpu->registers.rsp);
  cpu::write_cr2(cpu->cr2);
}

// An NMI in root mode, where no test sends one.
extern "C" [[gnu::used]] void vmx_handle_nmi(hyperdbg::vmx::VmxCpu* cpu) {
  hyperdbg::payload::print("payload: an NMI in root mode\n");
  hyperdbg::vmx::Vmx::take_nmi(*cpu);
}

extern "C" [[gnu::used, noreturn]] void vmx_entry_failed(hyperdbg::vmx::VmxCpu* cpu) {
  using namespace hyperdbg;
  end_guest(*cpu, "the processor refused to run the guest");
}
