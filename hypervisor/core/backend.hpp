// SPDX-License-Identifier: MIT
#pragma once
#include <concepts>

#include "abi/registers.h"
#include "hypervisor/core/exit.hpp"
#include "hypervisor/core/vcpu.hpp"
#include "x86/decoder.hpp"
#include "x86/segment.hpp"

namespace hyperdbg {

enum class MsrResult : u8 { done, general_protection };

// What SYSCALL and SYSRET load: flat segments with these selectors.
struct FlatSegments {
  u16 cs, ss;
  u8 level;  // CPL to be
  u8 bits;   // of the code: 64 or 32
};

// The vendor seam. Everything above is written against this; hypervisor/svm, hypervisor/vmx and a fake in the tests
// implement it.
template <class B>
concept Backend = requires(typename B::Cpu& cpu, const typename B::Cpu& constant, u32 msr, u64 value, u64& out,
                           const Injection& injection, Injection& pending) {
  requires std::derived_from<typename B::Cpu, Vcpu>;
  { B::decode(cpu) } -> std::same_as<Exit>;
  // RIP moves behind the instruction; interrupt shadow and single-step are treated as the processor would have.
  {B::advance(cpu, u8{})};
  {B::cpuid(cpu)};
  // CR0 or CR4; false: the processor would answer with #GP.
  { B::write_control_register(cpu, u8{}, value) } -> std::same_as<bool>;
  { B::read_msr(constant, msr, out) } -> std::same_as<MsrResult>;
  { B::write_msr(cpu, msr, value) } -> std::same_as<MsrResult>;
  // In the place of what the next entry would have injected.
  {B::inject(cpu, injection)};
  // What the next entry injects; after an exit, also the event whose delivery it interrupted.
  { B::injecting(constant, pending) } -> std::same_as<bool>;
  {B::inject_nmi(cpu)};  // when the guest can take one
  // Maskable interrupts: whether the guest takes one at the next entry, and an exit as soon as it does.
  { B::takes_interrupts(constant) } -> std::same_as<bool>;
  {B::await_interrupt_window(cpu)};
  // Delivers an exception that exited: its injection, and CR2 or DR6 as the processor would have left them.
  {B::deliver(cpu, ExceptionInfo{}, u8{})};
  { B::take_nmi(cpu) } -> std::same_as<bool>;  // consumes the NMI that caused the exit or came in root mode
  { B::privileged(constant) } -> std::same_as<bool>;
  { B::instruction_pointer(constant) } -> std::same_as<u64>;
  { B::page_table_root(constant) } -> std::same_as<u64>;
  {B::leave(cpu)};
  { B::read_register(constant, u32{}) } -> std::same_as<u64>;
  { B::write_register(cpu, u32{}, value) } -> std::same_as<bool>;   // false: read-only
  {B::write_segment(cpu, x86::Segment{}, x86::SegmentRegister{})};  // DS, ES, FS or GS
  { B::code_bits(constant) } -> std::same_as<u32>;
  {B::load_flat_segments(cpu, FlatSegments{})};
  { B::has_32_bit_syscall } -> std::convertible_to<bool>;       // SYSCALL exists in compatibility mode, too
  { B::sysret_checks_address } -> std::convertible_to<bool>;    // #GP of the kernel, not of user mode, if not canonical
  { B::has_64_bit_far_pointers } -> std::convertible_to<bool>;  // LFS with REX.W reads m16:64, else m16:32
  // Exits for what nobody watches are switched off; add_intercept() switches one on.
  {B::clear_intercepts(cpu)};
  {B::add_intercept(cpu, u32{}, value)};
  // INT 80 and SYSENTER of user mode exit, besides the intercepts; `false` puts back what is not an intercept.
  {B::watch_32_bit_calls(cpu, bool{})};
  {B::flush(cpu)};
  {B::set_tsc_offset(cpu, value)};
  {B::describe(constant)};  // exit reason and state into the fault report
};

// The same backend for code that is not on the path of every exit, and therefore needs no template.
struct BackendOperations {
  void (*inject)(Vcpu&, const Injection&);
  bool (*injecting)(const Vcpu&, Injection&);
  void (*inject_nmi)(Vcpu&);
  bool (*takes_interrupts)(const Vcpu&);
  void (*await_interrupt_window)(Vcpu&);
  bool (*take_nmi)(Vcpu&);
  u64 (*instruction_pointer)(const Vcpu&);
  u64 (*page_table_root)(const Vcpu&);
  u64 (*read_register)(const Vcpu&, u32);
  bool (*write_register)(Vcpu&, u32, u64);
  void (*write_segment)(Vcpu&, x86::Segment, const x86::SegmentRegister&);
  u32 (*code_bits)(const Vcpu&);
  bool (*read_msr)(const Vcpu&, u32, u64&);  // false: the guest would get #GP
  bool (*write_msr)(Vcpu&, u32, u64);
  void (*clear_intercepts)(Vcpu&);
  void (*add_intercept)(Vcpu&, u32, u64);
  void (*watch_32_bit_calls)(Vcpu&, bool);
  bool has_32_bit_syscall;
  void (*flush)(Vcpu&);
  void (*set_tsc_offset)(Vcpu&, u64);
  void (*describe)(const Vcpu&);
  bool has_64_bit_far_pointers;
};

template <Backend B>
constexpr BackendOperations operations_of() {
  using Cpu = typename B::Cpu;
  return {
      [](Vcpu& v, const Injection& injection) { B::inject(static_cast<Cpu&>(v), injection); },
      [](const Vcpu& v, Injection& pending) { return B::injecting(static_cast<const Cpu&>(v), pending); },
      [](Vcpu& v) { B::inject_nmi(static_cast<Cpu&>(v)); },
      [](const Vcpu& v) { return B::takes_interrupts(static_cast<const Cpu&>(v)); },
      [](Vcpu& v) { B::await_interrupt_window(static_cast<Cpu&>(v)); },
      [](Vcpu& v) { return B::take_nmi(static_cast<Cpu&>(v)); },
      [](const Vcpu& v) { return B::instruction_pointer(static_cast<const Cpu&>(v)); },
      [](const Vcpu& v) { return B::page_table_root(static_cast<const Cpu&>(v)); },
      [](const Vcpu& v, u32 number) { return B::read_register(static_cast<const Cpu&>(v), number); },
      [](Vcpu& v, u32 number, u64 value) { return B::write_register(static_cast<Cpu&>(v), number, value); },
      [](Vcpu& v, x86::Segment segment, const x86::SegmentRegister& value) {
        B::write_segment(static_cast<Cpu&>(v), segment, value);
      },
      [](const Vcpu& v) { return B::code_bits(static_cast<const Cpu&>(v)); },
      [](const Vcpu& v, u32 msr, u64& value) {
        return B::read_msr(static_cast<const Cpu&>(v), msr, value) == MsrResult::done;
      },
      [](Vcpu& v, u32 msr, u64 value) { return B::write_msr(static_cast<Cpu&>(v), msr, value) == MsrResult::done; },
      [](Vcpu& v) { B::clear_intercepts(static_cast<Cpu&>(v)); },
      [](Vcpu& v, u32 kind, u64 key) { B::add_intercept(static_cast<Cpu&>(v), kind, key); },
      [](Vcpu& v, bool on) { B::watch_32_bit_calls(static_cast<Cpu&>(v), on); },
      B::has_32_bit_syscall,
      [](Vcpu& v) { B::flush(static_cast<Cpu&>(v)); },
      [](Vcpu& v, u64 offset) { B::set_tsc_offset(static_cast<Cpu&>(v), offset); },
      [](const Vcpu& v) { B::describe(static_cast<const Cpu&>(v)); },
      B::has_64_bit_far_pointers,
  };
}

}  // namespace hyperdbg
