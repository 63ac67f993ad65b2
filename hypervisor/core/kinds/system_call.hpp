// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/exit.hpp"
#include "hypervisor/core/guest_access.hpp"
#include "hypervisor/core/kinds/trigger.hpp"
#include "hypervisor/core/system_calls.hpp"
#include "x86/msr.hpp"
#include "x86/registers.hpp"

// !syscall, !syscall2, !sysret, !sysret2. AMD APM vol. 2, 6.1.1 and vol. 3 "SYSCALL", "SYSRET"; Intel SDM vol. 2.
namespace hyperdbg {

template <Backend B>
u64 msr_of(typename B::Cpu& cpu, x86::Msr msr) {
  u64 value = 0;
  (void)B::read_msr(cpu, static_cast<u32>(msr), value);
  return value;
}

inline constexpr u16 user_level = 3;

inline bool is_interrupt_call(const x86::Instruction& instruction) {
  constexpr u8 int_n = 0xcd, vector = 0x80;
  return instruction.length != 0 && instruction.map == x86::OpcodeMap::one_byte && instruction.opcode == int_n &&
         static_cast<u8>(instruction.immediate) == vector;
}

// STAR: selectors for the kernel in bits 47:32, for user mode in bits 63:48.
inline FlatSegments kernel_segments(u64 star) {
  const u16 base = static_cast<u16>(star >> 32 & ~3ull);
  return {.cs = base, .ss = static_cast<u16>(base + 8), .level = 0, .bits = 64};
}
inline FlatSegments user_segments(u64 star, u8 bits) {
  const u16 base = static_cast<u16>(star >> 48);
  return {.cs = static_cast<u16>((bits == 64 ? base + 16 : base) | user_level),
          .ss = static_cast<u16>((base + 8) | user_level),
          .level = user_level,
          .bits = bits};
}

template <Backend B>
void execute_syscall(typename B::Cpu& cpu, u8 length, u64 entry) {
  const u64 rflags = x86::Rflags{B::read_register(cpu, HYPERDBG_RFLAGS)}.with(x86::Rflags::rf, false).value;
  cpu.registers.rcx = B::instruction_pointer(cpu) + length;
  cpu.registers.r11 = rflags;
  B::load_flat_segments(cpu, kernel_segments(msr_of<B>(cpu, x86::Msr::STAR)));
  B::write_register(cpu, HYPERDBG_RFLAGS, rflags & ~msr_of<B>(cpu, x86::Msr::SFMASK));
  B::write_register(cpu, HYPERDBG_RIP, entry);
  B::advance(cpu, 0);  // an interrupt shadow ends, and the kernel's RFLAGS say whether it single-steps
}

// Key is EAX, which is what Linux looks at; $context is RAX. In post the CPU stands at the kernel's entry.
template <Backend B>
void run_system_call(typename B::Cpu& cpu, u8 length, u64 entry) {
  const u64 number = cpu.registers.rax;
  run_trigger<B>(
      cpu, {HYPERDBG_EVENT_SYSCALL, static_cast<u32>(number), number},
      [&] {
        execute_syscall<B>(cpu, length, entry);
        return true;
      },
      [&] { B::advance(cpu, length); });
}

// The same for the entries of 32-bit programs, which 64-bit ones may use as well.
template <Backend B, class Effect, class Skip>
void run_32_bit_call(typename B::Cpu& cpu, Effect effect, Skip skip) {
  const u64 number = cpu.registers.rax;
  run_trigger<B>(
      cpu, {HYPERDBG_EVENT_SYSCALL_32, static_cast<u32>(number), number},
      [&] {
        effect();
        return true;
      },
      skip);
}

// In the vDSO an INT 80 stands behind SYSENTER and SYSCALL, for processors without them, and Linux returns behind that.
template <Backend B>
void skip_fast_call(typename B::Cpu& cpu, u8 length) {
  B::advance(cpu, length);
  const x86::Instruction next = decode_code(cpu);
  if (is_interrupt_call(next)) B::write_register(cpu, HYPERDBG_RIP, B::instruction_pointer(cpu) + next.length);
}

// The guest arrives at its handler as it runs again. INT n ends without a single-step trap; and Linux's programs have
// IF on, which an entry with an external interrupt insists on.
template <Backend B>
void execute_interrupt_call(typename B::Cpu& cpu, u8 length, const Injection& call) {
  using x86::Rflags;
  const Rflags rflags{B::read_register(cpu, HYPERDBG_RFLAGS)};
  B::write_register(cpu, HYPERDBG_RFLAGS, rflags.with(Rflags::tf, false).value);
  B::advance(cpu, length);
  Rflags after = rflags.with(Rflags::rf, false);
  if (call.type == InjectionType::external_interrupt) after = after.with(Rflags::if_, true);
  B::write_register(cpu, HYPERDBG_RFLAGS, after.value);
  Injection displaced;
  const bool displaces = B::injecting(cpu, displaced);
  B::inject(cpu, call);
  if (displaces) inject_later(cpu, displaced);
}

template <Backend B>
void handle_interrupt_call(typename B::Cpu& cpu, const Exit& exit) {
  run_32_bit_call<B>(
      cpu, [&] { execute_interrupt_call<B>(cpu, exit.length, exit.call); }, [&] { B::advance(cpu, exit.length); });
}

// In long mode: the kernel's code has 64 bits, and nothing keeps the program's RIP and RSP.
template <Backend B>
void handle_sysenter(typename B::Cpu& cpu, u8 length) {
  run_32_bit_call<B>(
      cpu,
      [&] {
        using x86::Rflags;
        const u16 cs = static_cast<u16>(msr_of<B>(cpu, x86::Msr::SYSENTER_CS) & ~3ull);
        const Rflags rflags{B::read_register(cpu, HYPERDBG_RFLAGS)};
        B::load_flat_segments(cpu, {.cs = cs, .ss = static_cast<u16>(cs + 8), .level = 0, .bits = 64});
        B::write_register(cpu, HYPERDBG_RFLAGS, rflags.with(Rflags::if_, false).value);
        B::write_register(cpu, HYPERDBG_RSP, msr_of<B>(cpu, x86::Msr::SYSENTER_ESP));
        B::write_register(cpu, HYPERDBG_RIP, msr_of<B>(cpu, x86::Msr::SYSENTER_EIP));
        B::advance(cpu, 0);
      },
      [&] { skip_fast_call<B>(cpu, length); });
}

// It has been executed, and came to the trap instead of the kernel's entry: it is taken back, so that the event sees
// user mode. RCX and R11 are lost.
template <Backend B>
void handle_trapped_syscall(typename B::Cpu& cpu) {
  constexpr u8 length = 2;
  u64 entry = 0;
  (void)read_system_call_entry(cpu, entry);
  if (!machine.engine.may_match(HYPERDBG_EVENT_SYSCALL, static_cast<u32>(cpu.registers.rax))) {
    B::write_register(cpu, HYPERDBG_RIP, entry);
    return;
  }
  B::load_flat_segments(cpu, user_segments(msr_of<B>(cpu, x86::Msr::STAR), 64));
  B::write_register(cpu, HYPERDBG_RFLAGS, cpu.registers.r11);
  B::write_register(cpu, HYPERDBG_RIP, cpu.registers.rcx - length);
  run_system_call<B>(cpu, length, entry);
}

// false: the processor raises #GP. REX.W tells a 64-bit program.
template <Backend B>
bool execute_sysret(typename B::Cpu& cpu, bool wide) {
  if (!B::privileged(cpu)) return false;
  const u64 target = wide ? cpu.registers.rcx : static_cast<u32>(cpu.registers.rcx);
  if (B::sysret_checks_address && !x86::canonical(target, x86::Cr4{B::read_register(cpu, HYPERDBG_CR4)})) return false;
  constexpr u64 restored = 0x3c7fd7;  // not RF and VM
  B::advance(cpu, 0);
  B::load_flat_segments(cpu, user_segments(msr_of<B>(cpu, x86::Msr::STAR), wide ? 64 : 32));
  B::write_register(cpu, HYPERDBG_RFLAGS, (cpu.registers.r11 & restored) | x86::Rflags::always_one);
  B::write_register(cpu, HYPERDBG_RIP, target);
  return true;
}

// $context is the address of the SYSRET.
template <Backend B>
void run_system_return(typename B::Cpu& cpu, u8 length, bool wide) {
  run_trigger<B>(
      cpu, {HYPERDBG_EVENT_SYSRET, 0, B::instruction_pointer(cpu)},
      [&] { return execute_sysret<B>(cpu, wide) || refuse<B>(cpu, general_protection_fault); },
      [&] { B::advance(cpu, length); });
}

// The byte CC in the place of a SYSRET.
template <Backend B>
bool handle_trapped_sysret(typename B::Cpu& cpu) {
  const SysretSite* site = machine.sysret_sites.at(B::instruction_pointer(cpu));
  if (!site || !B::privileged(cpu)) return false;
  run_system_return<B>(cpu, site->length, site->wide);
  return true;
}

// #UD while EFER.SCE is off: true if it was for one of ours.
template <Backend B>
bool handle_faulted_system_call(typename B::Cpu& cpu) {
  constexpr u8 syscall = 0x05, sysret = 0x07;
  const x86::Instruction instruction = decode_code(cpu);
  if (instruction.length == 0 || instruction.map != x86::OpcodeMap::map_0f || instruction.lock) return false;
  if (instruction.opcode == sysret) {
    run_system_return<B>(cpu, instruction.length, instruction.wide);
    return true;
  }
  if (instruction.opcode != syscall) return false;
  if (B::code_bits(cpu) == 64) {
    run_system_call<B>(cpu, instruction.length, msr_of<B>(cpu, x86::Msr::LSTAR));
    return true;
  }
  if (!B::has_32_bit_syscall) return false;
  run_32_bit_call<B>(
      cpu, [&] { execute_syscall<B>(cpu, instruction.length, msr_of<B>(cpu, x86::Msr::CSTAR)); },
      [&] { skip_fast_call<B>(cpu, instruction.length); });
  return true;
}

// The stub's trap is a hypercall, which exits also when nobody watches any more.
template <Backend B>
bool at_stub_trap(typename B::Cpu& cpu) {
  return machine.boot->system_call_trap != 0 && B::instruction_pointer(cpu) == machine.boot->system_call_trap &&
         B::privileged(cpu);
}

// Whether an exception is none of the guest's: then it has been handled.
template <Backend B>
bool handle_system_call_exception(typename B::Cpu& cpu, u8 vector) {
  const bool breakpoint = vector == static_cast<u8>(x86::Vector::breakpoint);
  if (breakpoint && handle_trapped_sysret<B>(cpu)) return true;
  switch (cpu.system_calls.way) {
    case SystemCallWay::breakpoint:
      if (!breakpoint || !B::privileged(cpu)) return false;
      if (B::instruction_pointer(cpu) != cpu.system_calls.trap) return false;
      handle_trapped_syscall<B>(cpu);
      return true;
    case SystemCallWay::fault:
      return vector == invalid_opcode_fault.vector && cpu.system_calls.hides_enable &&
             handle_faulted_system_call<B>(cpu);
    default:
      return false;
  }
}

}  // namespace hyperdbg
