// SPDX-License-Identifier: MIT
#include "hypervisor/core/guest.hpp"
#include "hypervisor/core/guest_access.hpp"
#include "hypervisor/core/kinds/system_call.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/core/ports.hpp"
#include "hypervisor/cpu/routines.hpp"
#include "hypervisor/svm/backend.hpp"
#include "x86/gate.hpp"
#include "x86/registers.hpp"

// What exits only while an event watches it: AMD APM vol. 2, 15.9 to 15.13.
namespace hyperdbg::svm {

using x86::svm::ExitCode;
namespace i3 = x86::svm::intercept3;
namespace i4 = x86::svm::intercept4;

namespace {

constexpr u32 watched3 = i3::INTR | i3::RDTSC | i3::RDPMC | i3::CPUID | i3::INTn;
constexpr u32 watched4 = i4::RDTSCP | i4::XSETBV;
constexpr u32 nmi_vector = 1u << static_cast<u32>(x86::Vector::nmi);  // has an intercept of its own

constexpr Exit unknown{.kind = ExitKind::unknown, .length = 0, .io = {}};
constexpr Exit handled{.kind = ExitKind::handled, .length = 0, .io = {}};

u8 length_of(const SvmCpu& cpu, const x86::Instruction& instruction) {
  return cpu.next_rip_save ? static_cast<u8>(cpu.vmcb->nrip - cpu.vmcb->rip) : instruction.length;
}

Exit instruction(ExitKind kind, const SvmCpu& cpu) {
  return {.kind = kind, .length = length_of(cpu, decode_code(cpu)), .io = {}};
}

// QEMU reports RDTSCP (0F 01 F9) as RDTSC (0F 31).
Exit time_stamp(const SvmCpu& cpu) {
  const x86::Instruction decoded = decode_code(cpu);
  return {
      .kind = decoded.opcode == 0x01 ? ExitKind::rdtscp : ExitKind::rdtsc, .length = length_of(cpu, decoded), .io = {}};
}

Exit debug_register(const SvmCpu& cpu, u64 code) {
  const bool write = code >= static_cast<u64>(ExitCode::DR0_WRITE);
  const x86::Instruction decoded = decode_code(cpu);
  if (decoded.rm == x86::no_register) return unknown;
  Exit exit{.kind = ExitKind::debug_register, .length = length_of(cpu, decoded), .io = {}};
  exit.debug_register = {.number = static_cast<u8>(code & 7), .general_register = decoded.rm, .write = write};
  return exit;
}

u16 status_word(const SvmCpu& cpu, const x86::Instruction& lmsw) {
  const auto general = [&](u8 number) { return Svm::read_register(cpu, number); };
  if (!lmsw.has_memory) return static_cast<u16>(general(lmsw.rm));
  u16 value = 0;
  (void)read_virtual(cpu, x86::effective_address(lmsw, cpu.vmcb->rip, general), &value, sizeof(value));
  return value;
}

// MOV to CR0 or CR4 (0F 22), CLTS (0F 06), LMSW (0F 01 /6).
Exit control_register(const SvmCpu& cpu, u8 number) {
  using Kind = ControlRegisterInfo::Kind;
  constexpr u8 mov = 0x22, clts = 0x06;
  const x86::Instruction decoded = decode_code(cpu);
  Exit exit{.kind = ExitKind::control_register, .length = length_of(cpu, decoded), .io = {}};
  exit.control_register = {.kind = decoded.opcode == mov    ? Kind::mov
                                   : decoded.opcode == clts ? Kind::clts
                                                            : Kind::lmsw,
                           .number = number,
                           .general_register = decoded.rm,
                           .status_word = 0};
  if (exit.control_register.kind == Kind::mov && decoded.rm == x86::no_register) return unknown;
  if (exit.control_register.kind == Kind::lmsw) exit.control_register.status_word = status_word(cpu, decoded);
  return exit;
}

Exit exception_of(const Injection& injection, u64 detail, u8 length) {
  Exit exit{.kind = ExitKind::exception, .length = length, .io = {}};
  exit.exception = {injection, detail};
  return exit;
}

// DR6 has its bits already (15.12.2). INT3 and INTO are found at the instruction (15.12.4, 15.12.5).
Exit exception(const SvmCpu& cpu, u8 vector) {
  const bool by_instruction =
      vector == static_cast<u8>(x86::Vector::breakpoint) || vector == static_cast<u8>(x86::Vector::overflow);
  const bool page_fault = vector == static_cast<u8>(x86::Vector::page_fault);
  Injection injection = fault_of(vector);
  if (has_error_code(vector)) injection = fault_of(vector, static_cast<u32>(cpu.vmcb->exitinfo1));
  return exception_of(injection, page_fault ? cpu.vmcb->exitinfo2 : 0,
                      by_instruction ? length_of(cpu, decode_code(cpu)) : u8{0});
}

// What the processor would answer INT n with in the place of its handler; the intercept came before it looked. In an
// injected INT n the exception would be found behind the instruction (15.20).
bool gate_refuses(const SvmCpu& cpu, u8 vector, Injection& fault) {
  using x86::Gate;
  if (!x86::Efer{cpu.vmcb->efer}.get(x86::Efer::lma)) return false;
  const u64 offset = vector * Gate::size;
  Gate gate{};
  const bool exists = offset + Gate::size - 1 <= cpu.vmcb->idtr.limit &&
                      read_virtual(cpu, cpu.vmcb->idtr.base + offset, &gate.value, sizeof(gate.value));
  if (exists && cpu.vmcb->cpl <= gate.get(Gate::privilege_level) && gate.get(Gate::present)) return false;
  const bool absent = exists && cpu.vmcb->cpl <= gate.get(Gate::privilege_level);
  const x86::Vector raised = absent ? x86::Vector::not_present : x86::Vector::general_protection;
  fault = fault_of(static_cast<u8>(raised), x86::gate_error_code(vector));
  return true;
}

// INT 80 of user mode is a system call; any other INT n is delivered as it is. QEMU's INT3 comes here and not as #BP.
Exit software_interrupt(SvmCpu& cpu) {
  constexpr u8 int3 = 0xcc, into = 0xce;
  const x86::Instruction decoded = decode_code(cpu);
  const u8 length = length_of(cpu, decoded);
  if (decoded.opcode == int3) return exception_of(fault_of(static_cast<u8>(x86::Vector::breakpoint)), 0, length);
  if (decoded.opcode == into) return exception_of(fault_of(static_cast<u8>(x86::Vector::overflow)), 0, length);
  const u8 vector = static_cast<u8>(decoded.immediate);
  if (Injection fault; gate_refuses(cpu, vector, fault)) return exception_of(fault, 0, 0);
  if (is_interrupt_call(decoded) && !Svm::privileged(cpu)) {
    Exit exit{.kind = ExitKind::interrupt_call, .length = length, .io = {}};
    exit.call = {.type = InjectionType::software_interrupt, .vector = vector};
    return exit;
  }
  Svm::inject(cpu, {.type = InjectionType::software_interrupt, .vector = vector, .length = length});
  return handled;
}

// The exit has no vector: the interrupt is taken through the image's own IDT.
Exit external_interrupt(SvmCpu& cpu) {
  cpu.acknowledged = 0;
  svm_take_interrupt();
  if (cpu.acknowledged == 0) return handled;  // it was withdrawn, or an NMI came first: then it exits again
  Exit exit{.kind = ExitKind::interrupt, .length = 0, .io = {}};
  exit.interrupt = cpu.acknowledged;
  return exit;
}

void watch_exceptions(x86::svm::Vmcb& vmcb, u64 vector) {
  constexpr u64 breakpoint = static_cast<u64>(x86::Vector::breakpoint);
  vmcb.intercept_exception |= vector == HYPERDBG_ANY_KEY ? ~nmi_vector : 1u << vector & ~nmi_vector;
  if (vector == HYPERDBG_ANY_KEY || vector == breakpoint) vmcb.intercept3 |= i3::INTn;
}

}  // namespace

Exit decode_watched(SvmCpu& cpu) {
  const u64 code = cpu.vmcb->exitcode;
  if (code >= static_cast<u64>(ExitCode::EXCEPTION_0) && code <= static_cast<u64>(ExitCode::EXCEPTION_31))
    return exception(cpu, static_cast<u8>(code - static_cast<u64>(ExitCode::EXCEPTION_0)));
  if (code >= static_cast<u64>(ExitCode::DR0_READ) && code <= static_cast<u64>(ExitCode::DR15_WRITE))
    return debug_register(cpu, code);
  switch (static_cast<ExitCode>(code)) {
    case ExitCode::INTR:
      return external_interrupt(cpu);
    case ExitCode::RDTSC:
    case ExitCode::RDTSCP:
      return time_stamp(cpu);
    case ExitCode::RDPMC:
      return instruction(ExitKind::rdpmc, cpu);
    case ExitCode::XSETBV:
      return instruction(ExitKind::xsetbv, cpu);
    case ExitCode::CR0_WRITE:
      return control_register(cpu, 0);
    case ExitCode::CR4_WRITE:
      return control_register(cpu, 4);
    case ExitCode::SWINT:
      return software_interrupt(cpu);
    default:
      return unknown;
  }
}

void Svm::clear_intercepts(Cpu& cpu) {
  x86::svm::Vmcb& vmcb = *cpu.vmcb;
  vmcb.intercept_cr = 0;
  vmcb.intercept_dr = 0;
  vmcb.intercept_exception = 0;
  vmcb.intercept3 &= ~watched3;
  if ((vmcb.intercept3 & i3::VINTR) != 0) vmcb.intercept3 |= i3::INTR;  // injection.cpp
  vmcb.intercept4 &= ~watched4;
  clear_msr_intercepts(cpu);
  clear_port_intercepts(cpu.io_permissions);
}

// SYSENTER is none in long mode.
void Svm::watch_32_bit_calls(Cpu& cpu, bool on) {
  if (on) cpu.vmcb->intercept3 |= i3::INTn;
}

void Svm::add_intercept(Cpu& cpu, u32 kind, u64 key) {
  constexpr u32 all_debug_registers = ~0u;
  x86::svm::Vmcb& vmcb = *cpu.vmcb;
  switch (kind) {
    case HYPERDBG_EVENT_CPUID:
      vmcb.intercept3 |= i3::CPUID;
      break;
    case HYPERDBG_EVENT_RDMSR:
    case HYPERDBG_EVENT_WRMSR:
      add_msr_intercept(cpu, kind, key);
      break;
    case HYPERDBG_EVENT_TSC:
      vmcb.intercept3 |= i3::RDTSC;
      vmcb.intercept4 |= i4::RDTSCP;
      break;
    case HYPERDBG_EVENT_PMC:
      vmcb.intercept3 |= i3::RDPMC;
      break;
    case HYPERDBG_EVENT_XSETBV:
      vmcb.intercept4 |= i4::XSETBV;
      break;
    case HYPERDBG_EVENT_DR:
      vmcb.intercept_dr = all_debug_registers;
      break;
    case HYPERDBG_EVENT_CRWRITE:
      vmcb.intercept_cr |= x86::svm::intercept_write(static_cast<u32>(key));
      break;
    case HYPERDBG_EVENT_IN:
    case HYPERDBG_EVENT_OUT:
      add_port_intercept(cpu.io_permissions, key);
      break;
    case HYPERDBG_EVENT_EXCEPTION:
      watch_exceptions(vmcb, key);
      break;
    case HYPERDBG_EVENT_INTERRUPT:
      vmcb.intercept3 |= i3::INTR;
      break;
    default:
      break;  // hypercalls always exit
  }
}

}  // namespace hyperdbg::svm
