// SPDX-License-Identifier: MIT
#include "x86/vmx/controls.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "hypervisor/vmx/backend.hpp"
#include "x86/registers.hpp"

// The VMCS's controls: what we cannot do without, what the guest would miss, and what the processor insists on.
namespace hyperdbg::vmx {

using cpu::vmwrite;
using x86::Msr;
using x86::vmx::choose;
using x86::vmx::Controls;
using x86::vmx::Field16;
using x86::vmx::Field32;
using x86::vmx::Field64;
using x86::vmx::FieldNatural;

namespace {

Controls choose_pin_based() {
  using namespace x86::vmx::pin_based;
  return choose(cpu::rdmsr(Msr::VMX_TRUE_PINBASED_CTLS), NMI_EXITING | VIRTUAL_NMIS);
}

Controls choose_primary() {
  using namespace x86::vmx::primary;
  return choose(cpu::rdmsr(Msr::VMX_TRUE_PROCBASED_CTLS),
                USE_TSC_OFFSETTING | USE_IO_BITMAPS | USE_MSR_BITMAPS | ACTIVATE_SECONDARY_CONTROLS, 0,
                CR3_LOAD_EXITING | CR3_STORE_EXITING);
}

// Beside EPT: instructions that raise #UD in a guest unless they are switched on. Without an unrestricted guest there
// is no INIT, without VPID each transition flushes; both can be borne.
Controls choose_secondary() {
  using namespace x86::vmx::secondary;
  return choose(cpu::rdmsr(Msr::VMX_PROCBASED_CTLS2), ENABLE_EPT,
                ENABLE_RDTSCP | ENABLE_VPID | UNRESTRICTED_GUEST | ENABLE_INVPCID | ENABLE_XSAVES_XRSTORS |
                    ENABLE_USER_WAIT_AND_PAUSE | ENABLE_PCONFIG);
}

Controls choose_exit() {
  using namespace x86::vmx::vm_exit;
  return choose(cpu::rdmsr(Msr::VMX_TRUE_EXIT_CTLS),
                SAVE_DEBUG_CONTROLS | HOST_ADDRESS_SPACE_SIZE | SAVE_PAT | LOAD_PAT | SAVE_EFER | LOAD_EFER,
                ACKNOWLEDGE_INTERRUPT_ON_EXIT);
}

Controls choose_entry() {
  using namespace x86::vmx::vm_entry;
  return choose(cpu::rdmsr(Msr::VMX_TRUE_ENTRY_CTLS), LOAD_DEBUG_CONTROLS | IA32E_MODE_GUEST | LOAD_PAT | LOAD_EFER);
}

}  // namespace

ControlSet choose_controls() {
  const Controls pin_based = choose_pin_based(), primary = choose_primary(), secondary = choose_secondary(),
                 exit = choose_exit(), entry = choose_entry();
  return {.pin_based = pin_based.value,
          .primary = primary.value,
          .secondary = secondary.value,
          .exit = exit.value,
          .entry = entry.value,
          .complete = pin_based.complete && primary.complete && secondary.complete && exit.complete && entry.complete};
}

void write_controls(VmxCpu& cpu, const ControlSet& controls) {
  constexpr u16 vpid = 1;
  vmwrite(Field32::PIN_BASED_CONTROLS, controls.pin_based);
  vmwrite(Field32::PRIMARY_CONTROLS, controls.primary);
  vmwrite(Field32::SECONDARY_CONTROLS, controls.secondary);
  vmwrite(Field32::EXIT_CONTROLS, controls.exit);
  vmwrite(Field32::ENTRY_CONTROLS, controls.entry);
  for (const Field32 none : {Field32::PAGE_FAULT_ERROR_CODE_MASK, Field32::PAGE_FAULT_ERROR_CODE_MATCH,
                             Field32::CR3_TARGET_COUNT, Field32::EXIT_MSR_STORE_COUNT, Field32::EXIT_MSR_LOAD_COUNT,
                             Field32::ENTRY_MSR_LOAD_COUNT, Field32::ENTRY_INTERRUPTION_INFORMATION}) {
    vmwrite(none, 0);
  }
  vmwrite(Field64::IO_BITMAP_A, cpu.boot->io_permissions);
  vmwrite(Field64::IO_BITMAP_B, cpu.boot->io_permissions + page_size);
  vmwrite(Field64::MSR_BITMAP, cpu.boot->msr_permissions);
  vmwrite(Field64::TSC_OFFSET, machine.tsc_offset);
  vmwrite(Field64::EPT_POINTER, cpu.ept_pointer);
  vmwrite(Field64::VMCS_LINK_POINTER, ~0ull);
  if (cpu.has_vpid) vmwrite(Field16::VPID, vpid);
  if ((controls.secondary & x86::vmx::secondary::ENABLE_XSAVES_XRSTORS) != 0) vmwrite(Field64::XSS_EXITING_BITMAP, 0);
  vmwrite(FieldNatural::CR0_READ_SHADOW, 0);
}

}  // namespace hyperdbg::vmx
