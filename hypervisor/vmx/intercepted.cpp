// SPDX-License-Identifier: MIT
#include "hypervisor/core/machine.hpp"
#include "hypervisor/core/ports.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "hypervisor/cpu/routines.hpp"
#include "hypervisor/vmx/backend.hpp"
#include "x86/registers.hpp"

// What exits because an event watches it: Intel SDM vol. 3, 25.6 for the controls, 28.2 for what exits tell.
namespace hyperdbg::vmx {

using cpu::vmread;
using cpu::vmwrite;
using x86::vmx::ExitReason;
using x86::vmx::Field32;
using x86::vmx::FieldNatural;
using x86::vmx::Interruptibility;
using x86::vmx::InterruptionInformation;
using x86::vmx::InterruptionType;
namespace pin_based = x86::vmx::pin_based;
namespace primary = x86::vmx::primary;

namespace {

constexpr u32 watched_primary = primary::RDPMC_EXITING | primary::RDTSC_EXITING | primary::MOV_DR_EXITING;
constexpr u32 nmi_vector = 1u << static_cast<u32>(x86::Vector::nmi);  // has a control of its own
constexpr Exit unknown{.kind = ExitKind::unknown, .length = 0, .io = {}};

u8 instruction_length() {
  return static_cast<u8>(vmread(Field32::EXIT_INSTRUCTION_LENGTH));
}
Exit instruction(ExitKind kind) {
  return {.kind = kind, .length = instruction_length(), .io = {}};
}

Exit exception(VmxCpu& cpu, InterruptionInformation information, bool delivering) {
  constexpr u8 double_fault = static_cast<u8>(x86::Vector::double_fault);
  const u8 vector = information.get(InterruptionInformation::vector);
  // 28.2.3: an IRET had ended the blocking of NMIs when it was interrupted, and will be executed again.
  if (information.get(InterruptionInformation::nmi_unblocking) && !delivering && vector != double_fault)
    set_interruptibility(interruptibility().with(Interruptibility::blocking_by_nmi, true));
  Exit exit{.kind = ExitKind::exception, .length = 0, .io = {}};
  if (information.by_instruction()) exit.length = instruction_length();
  Injection injection{.type = static_cast<InjectionType>(information.get(InterruptionInformation::type)),
                      .vector = vector};
  if (information.get(InterruptionInformation::error_code_valid)) {
    injection.has_error_code = true;
    injection.error_code = vmread(Field32::EXIT_INTERRUPTION_ERROR_CODE);
  }
  exit.exception = {injection, vmread(FieldNatural::EXIT_QUALIFICATION)};
  if (vector == static_cast<u8>(x86::Vector::general_protection) && cpu.watches_32_bit_calls)
    decode_32_bit_call(cpu, injection.error_code, delivering, exit);
  return exit;
}

Exit exception_or_nmi(VmxCpu& cpu, bool delivering) {
  const InterruptionInformation information{vmread(Field32::EXIT_INTERRUPTION_INFORMATION)};
  if (information.get(InterruptionInformation::type) != InterruptionType::nmi)
    return exception(cpu, information, delivering);
  cpu.nmi_taken = true;
  vmx_unblock_nmi();
  return {.kind = ExitKind::nmi, .length = 0, .io = {}};
}

Exit external_interrupt() {
  const InterruptionInformation information{vmread(Field32::EXIT_INTERRUPTION_INFORMATION)};
  if (!information.get(InterruptionInformation::valid)) return unknown;
  Exit exit{.kind = ExitKind::interrupt, .length = 0, .io = {}};
  exit.interrupt = information.get(InterruptionInformation::vector);
  return exit;
}

// Without an event only MOV to CR4 exits, and only when it changes VMXE.
Exit control_register() {
  using Kind = x86::vmx::CrAccess::Kind;
  const auto access = x86::vmx::cr_access(vmread(FieldNatural::EXIT_QUALIFICATION));
  if (access.kind == Kind::mov_from_cr) return unknown;
  Exit exit = instruction(ExitKind::control_register);
  exit.control_register = {.kind = access.kind == Kind::clts   ? ControlRegisterInfo::Kind::clts
                                   : access.kind == Kind::lmsw ? ControlRegisterInfo::Kind::lmsw
                                                               : ControlRegisterInfo::Kind::mov,
                           .number = access.control_register,
                           .general_register = access.general_register,
                           .status_word = access.status_word};
  return exit;
}

Exit debug_register() {
  const auto access = x86::vmx::dr_access(vmread(FieldNatural::EXIT_QUALIFICATION));
  Exit exit = instruction(ExitKind::debug_register);
  exit.debug_register = {
      .number = access.debug_register, .general_register = access.general_register, .write = access.write};
  return exit;
}

void switch_on(Field32 controls, u32 bits) {
  vmwrite(controls, vmread(controls) | bits);
}
void switch_off(Field32 controls, u32 bits) {
  vmwrite(controls, vmread(controls) & ~bits);
}

// The guest reads its registers from the shadows as far as the masks reach.
void watch_control_register(VmxCpu& cpu, u64 number) {
  if (number == 0) {
    vmwrite(FieldNatural::CR0_READ_SHADOW, vmread(FieldNatural::GUEST_CR0));
    vmwrite(FieldNatural::CR0_GUEST_HOST_MASK, ~0ull);
  } else {
    vmwrite(FieldNatural::CR4_READ_SHADOW, guest_cr4(cpu));
    vmwrite(FieldNatural::CR4_GUEST_HOST_MASK, ~0ull);
  }
}

}  // namespace

Exit decode_watched(VmxCpu& cpu, ExitReason reason, bool delivering) {
  switch (reason) {
    case ExitReason::EXCEPTION_OR_NMI:
      return exception_or_nmi(cpu, delivering);
    case ExitReason::EXTERNAL_INTERRUPT:
      return external_interrupt();
    case ExitReason::RDTSC:
      return instruction(ExitKind::rdtsc);
    case ExitReason::RDTSCP:
      return instruction(ExitKind::rdtscp);
    case ExitReason::RDPMC:
      return instruction(ExitKind::rdpmc);
    case ExitReason::XSETBV:  // always exits
      return instruction(ExitKind::xsetbv);
    case ExitReason::CR_ACCESS:
      return control_register();
    case ExitReason::MOV_DR:
      return debug_register();
    default:  // task switches, which raise #GP in long mode before they could exit, and what was never switched on
      return unknown;
  }
}

u32 not_intercepted(const ControlSet& controls) {
  const auto allowed = [](x86::Msr capability) { return static_cast<u32>(cpu::rdmsr(capability) >> 32); };
  const u32 offered = allowed(x86::Msr::VMX_TRUE_PROCBASED_CTLS);
  u32 missing = 0;
  if ((offered & primary::RDTSC_EXITING) == 0) missing |= 1u << HYPERDBG_EVENT_TSC;
  if ((offered & primary::RDPMC_EXITING) == 0) missing |= 1u << HYPERDBG_EVENT_PMC;
  if ((offered & primary::MOV_DR_EXITING) == 0) missing |= 1u << HYPERDBG_EVENT_DR;
  const bool interrupts = (allowed(x86::Msr::VMX_TRUE_PINBASED_CTLS) & pin_based::EXTERNAL_INTERRUPT_EXITING) != 0 &&
                          (offered & primary::INTERRUPT_WINDOW_EXITING) != 0 &&
                          (controls.exit & x86::vmx::vm_exit::ACKNOWLEDGE_INTERRUPT_ON_EXIT) != 0;
  return interrupts ? missing : missing | 1u << HYPERDBG_EVENT_INTERRUPT;
}

void Vmx::clear_intercepts(Cpu& cpu) {
  switch_off(Field32::PIN_BASED_CONTROLS, pin_based::EXTERNAL_INTERRUPT_EXITING);
  switch_off(Field32::PRIMARY_CONTROLS, watched_primary);
  vmwrite(Field32::EXCEPTION_BITMAP, 0);
  vmwrite(FieldNatural::CR0_GUEST_HOST_MASK, 0);  // a guest that clears a fixed bit, NE, gets #GP
  vmwrite(FieldNatural::CR4_GUEST_HOST_MASK, x86::Cr4::vmxe.mask);
  clear_msr_intercepts(cpu);
  clear_port_intercepts(cpu.io_bitmap);
}

void Vmx::add_intercept(Cpu& cpu, u32 kind, u64 key) {
  switch (kind) {
    case HYPERDBG_EVENT_RDMSR:
    case HYPERDBG_EVENT_WRMSR:
      return add_msr_intercept(cpu, kind, key);
    case HYPERDBG_EVENT_TSC:
      return switch_on(Field32::PRIMARY_CONTROLS, primary::RDTSC_EXITING);
    case HYPERDBG_EVENT_PMC:
      return switch_on(Field32::PRIMARY_CONTROLS, primary::RDPMC_EXITING);
    case HYPERDBG_EVENT_DR:
      return switch_on(Field32::PRIMARY_CONTROLS, primary::MOV_DR_EXITING);
    case HYPERDBG_EVENT_CRWRITE:
      return watch_control_register(cpu, key);
    case HYPERDBG_EVENT_IN:
    case HYPERDBG_EVENT_OUT:
      return add_port_intercept(cpu.io_bitmap, key);
    case HYPERDBG_EVENT_EXCEPTION:
      return switch_on(Field32::EXCEPTION_BITMAP, key == HYPERDBG_ANY_KEY ? ~nmi_vector : 1u << key & ~nmi_vector);
    case HYPERDBG_EVENT_INTERRUPT:
      return switch_on(Field32::PIN_BASED_CONTROLS, pin_based::EXTERNAL_INTERRUPT_EXITING);
    default:
      return;  // CPUID, XSETBV and hypercalls always exit
  }
}

}  // namespace hyperdbg::vmx
