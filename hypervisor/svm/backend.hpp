// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/backend.hpp"
#include "hypervisor/core/nested.hpp"
#include "x86/svm/vmcb.hpp"

namespace hyperdbg::svm {

struct SvmCpu : Vcpu {
  // What goes in at the next VMRUN, or went in at the last one.
  x86::svm::EventInjection injected;

  x86::svm::Vmcb* vmcb;
  u64 vmcb_physical;
  u8* msr_permissions;     // x86::svm::msr_permission_map_size bytes
  u8* io_permissions;      // x86::svm::io_permission_map_size bytes
  u64 linux_host_save;     // VM_HSAVE_PA before we came
  u64 guest_host_save;     // what the guest believes to have written there
  bool next_rip_save;      // CPUID 8000_000A EDX[3]; QEMU has none
  bool virtual_spec_ctrl;  // CPUID 8000_000A EDX[20]
  bool nmi_masked;         // the guest is between an injected NMI and its IRET
  bool nmi_pending;        // and another one waits
  u64 nmi_iret_rip;        // that IRET, once reached: the NMI goes in behind it
};

// AMD-V. State that VMRUN does not load (FS, GS, TR, LDTR, the system-call MSRs, DR0-3, CR8) stays in the processor,
// because root mode never uses it: no VMLOAD or VMSAVE per exit.
struct Svm {
  using Cpu = SvmCpu;
  static u32 check();  // whether this CPU can be entered: 0, or enum hyperdbg_enter_error
  static NestedPaging nested_paging();
  static Exit decode(Cpu& cpu);
  static void advance(Cpu& cpu, u8 length);
  static void cpuid(Cpu& cpu);
  static MsrResult read_msr(const Cpu& cpu, u32 msr, u64& value);
  static MsrResult write_msr(Cpu& cpu, u32 msr, u64 value);
  static bool write_control_register(Cpu& cpu, u8 number, u64 value);
  static void inject(Cpu& cpu, const Injection& injection);
  static bool injecting(const Cpu& cpu, Injection& pending);
  static void deliver(Cpu& cpu, const ExceptionInfo& exception, u8 length);
  static void inject_nmi(Cpu& cpu);
  static bool takes_interrupts(const Cpu& cpu);
  static void await_interrupt_window(Cpu& cpu);
  static bool take_nmi(Cpu& cpu);
  static bool privileged(const Cpu& cpu) { return cpu.vmcb->cpl == 0; }
  static u64 instruction_pointer(const Cpu& cpu) { return cpu.vmcb->rip; }
  static u64 page_table_root(const Cpu& cpu) { return cpu.vmcb->cr3; }
  [[noreturn]] static void leave(Cpu& cpu);
  static u64 read_register(const Cpu& cpu, u32 number);
  static bool write_register(Cpu& cpu, u32 number, u64 value);
  static void write_segment(Cpu& cpu, x86::Segment segment, const x86::SegmentRegister& value);
  static u32 code_bits(const Cpu& cpu);
  static void load_flat_segments(Cpu& cpu, const FlatSegments& segments);
  static constexpr bool has_32_bit_syscall = true;
  static constexpr bool sysret_checks_address = false;
  static constexpr bool has_64_bit_far_pointers = false;
  static void clear_intercepts(Cpu& cpu);
  static void add_intercept(Cpu& cpu, u32 kind, u64 key);
  static void watch_32_bit_calls(Cpu& cpu, bool on);
  static void flush(Cpu& cpu) { cpu.vmcb->tlb_control = x86::svm::TlbControl::flush_all; }
  static void set_tsc_offset(Cpu& cpu, u64 offset) { cpu.vmcb->tsc_offset = offset; }
  static void describe(const Cpu& cpu);
};

// Makes the calling CPU, which check() found fit, a guest that resumes at `rip` with `rsp`; returns only to refuse,
// with enum hyperdbg_enter_error.
u32 enter(SvmCpu& cpu, u64 linux_cr3, u64 rsp, u64 rip);

// The parts of this folder, for each other.

// injection.cpp: what becomes of events whose delivery an exit interrupted, and of NMIs that wait.
void keep_interrupted_event(SvmCpu& cpu);
void iret_reached(SvmCpu& cpu);
void end_interrupt_window(SvmCpu& cpu);

// msr.cpp
void clear_msr_intercepts(SvmCpu& cpu);
void add_msr_intercept(SvmCpu& cpu, u32 kind, u64 msr);

// intercepted.cpp: exits that only events bring about. Inlined, its frame costs every other exit 22 instructions.
[[gnu::noinline]] Exit decode_watched(SvmCpu& cpu);

}  // namespace hyperdbg::svm
