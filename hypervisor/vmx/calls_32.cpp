// SPDX-License-Identifier: MIT
#include "hypervisor/core/guest.hpp"
#include "hypervisor/core/guest_access.hpp"
#include "hypervisor/core/kinds/system_call.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/cpu/vmx_instructions.hpp"
#include "hypervisor/vmx/backend.hpp"
#include "x86/gate.hpp"
#include "x86/registers.hpp"

// INT n has no intercept, and SYSENTER has none: both are made to raise #GP, before anything of theirs has happened.
namespace hyperdbg::vmx {

using cpu::vmread;
using cpu::vmwrite;
using x86::Gate;
using x86::vmx::Field32;
using x86::vmx::FieldNatural;

namespace {

constexpr u8 call_vector = 0x80;
constexpr u8 everyone = 3, kernel_only = 0;
constexpr u32 general_protection = 1u << static_cast<u32>(x86::Vector::general_protection);

// Linux's CPUs share one IDT: the first to arm changes the gate for all, before another runs the guest that has not
// armed; the first to disarm, or to leave, puts it back for all, until that one is back. What was closed by a CPU of
// ours counts, and not what is found closed.
constinit bool gate_closed = false;

u64 gate_address() {
  return vmread(FieldNatural::GUEST_IDTR_BASE) + call_vector * Gate::size;
}

bool gate_has(const VmxCpu& cpu, u8 level, Gate& gate) {
  return read_virtual(cpu, gate_address(), &gate.value, sizeof(gate.value)) && gate.get(Gate::present) &&
         gate.get(Gate::privilege_level) == level;
}

void write_gate(VmxCpu& cpu, Gate gate) {
  (void)write_virtual(cpu, gate_address(), &gate.value, sizeof(gate.value));
}

// A gate that user mode may not use anyway stays as it is, and what it raises is the guest's.
void close_gate(VmxCpu& cpu) {
  Gate gate{};
  if (machine.stop.somebody_left() || !gate_has(cpu, everyone, gate)) return;
  __atomic_store_n(&gate_closed, true, __ATOMIC_SEQ_CST);  // first: whoever finds it closed knows by whom
  write_gate(cpu, gate.with(Gate::privilege_level, kernel_only));
}

void open_gate(VmxCpu& cpu) {
  Gate gate{};
  if (!gate_closed) return;
  if (gate_has(cpu, kernel_only, gate)) write_gate(cpu, gate.with(Gate::privilege_level, everyone));
  gate_closed = false;
}

bool is_sysenter(const x86::Instruction& instruction) {
  constexpr u8 opcode = 0x34;
  return instruction.length != 0 && instruction.map == x86::OpcodeMap::map_0f && instruction.opcode == opcode &&
         !instruction.lock;
}

}  // namespace

void Vmx::watch_32_bit_calls(Cpu& cpu, bool on) {
  if (on) {
    vmwrite(Field32::EXCEPTION_BITMAP, vmread(Field32::EXCEPTION_BITMAP) | general_protection);
    add_msr_intercept(cpu, HYPERDBG_EVENT_RDMSR, static_cast<u32>(x86::Msr::SYSENTER_CS));
    add_msr_intercept(cpu, HYPERDBG_EVENT_WRMSR, static_cast<u32>(x86::Msr::SYSENTER_CS));
    close_gate(cpu);
  }
  if (on == cpu.watches_32_bit_calls) return;
  cpu.watches_32_bit_calls = on;
  if (on) cpu.sysenter_cs = vmread(Field32::GUEST_SYSENTER_CS);
  vmwrite(Field32::GUEST_SYSENTER_CS, on ? 0 : cpu.sysenter_cs);
  if (!on) open_gate(cpu);
}

void decode_32_bit_call(VmxCpu& cpu, u32 error_code, bool delivering, Exit& exit) {
  constexpr u32 selector = 0xfffc;
  if (Vmx::privileged(cpu)) return;
  const x86::Instruction instruction = decode_code(cpu);
  if (gate_closed && error_code == x86::gate_error_code(call_vector) && is_interrupt_call(instruction)) {
    // The INT 80 itself counts as interrupted, and would be delivered again.
    vmwrite(Field32::ENTRY_INTERRUPTION_INFORMATION, 0);
    exit = {.kind = ExitKind::interrupt_call, .length = instruction.length, .io = {}};
    // Not as a software interrupt, which the gate would refuse once more.
    exit.call = {.type = InjectionType::external_interrupt, .vector = call_vector};
  } else if (!delivering && error_code == 0 && is_sysenter(instruction) && (cpu.sysenter_cs & selector) != 0) {
    exit = {.kind = ExitKind::sysenter, .length = instruction.length, .io = {}};
  }
}

}  // namespace hyperdbg::vmx
