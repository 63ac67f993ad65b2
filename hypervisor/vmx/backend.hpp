// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/backend.hpp"
#include "hypervisor/core/nested.hpp"
#include "hypervisor/cpu/vmx_instructions.hpp"
#include "x86/vmx/exits.hpp"

namespace hyperdbg::vmx {

struct VmxCpu : Vcpu {
  u8* msr_bitmap;   // x86::vmx::msr_bitmap_size bytes
  u8* io_bitmap;    // one bit for each port: bitmaps A and B
  u64 ept_pointer;  // as in the VMCS
  u64 cr2;          // the guest's: a fault in a script writes the processor's
  x86::vmx::FixedBits cr0_fixed, cr4_fixed;
  x86::vmx::InvalidationType invept_type, invvpid_type;
  bool has_vpid;
  bool watches_32_bit_calls;
  u32 sysenter_cs;  // the guest's, while they are watched: the processor's is 0
};

// Intel VT-x with EPT. What neither an exit nor an entry touches (DR0-3, DR6, CR8, XCR0, KERNEL_GS_BASE, STAR and its
// like) stays in the processor; everything else is in the current VMCS.
struct Vmx {
  using Cpu = VmxCpu;
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
  static bool privileged(const Cpu& cpu);
  static u64 instruction_pointer(const Cpu& cpu);
  static u64 page_table_root(const Cpu& cpu);
  [[noreturn]] static void leave(Cpu& cpu);
  static u64 read_register(const Cpu& cpu, u32 number);
  static bool write_register(Cpu& cpu, u32 number, u64 value);
  static void write_segment(Cpu& cpu, x86::Segment segment, const x86::SegmentRegister& value);
  static u32 code_bits(const Cpu& cpu);
  static void load_flat_segments(Cpu& cpu, const FlatSegments& segments);
  static constexpr bool has_32_bit_syscall = false;
  static constexpr bool sysret_checks_address = true;
  static constexpr bool has_64_bit_far_pointers = true;
  static void clear_intercepts(Cpu& cpu);
  static void add_intercept(Cpu& cpu, u32 kind, u64 key);
  static void watch_32_bit_calls(Cpu& cpu, bool on);
  static void flush(Cpu& cpu);
  static void set_tsc_offset(Cpu& cpu, u64 offset);
  static void describe(const Cpu& cpu);
};

// Makes the calling CPU, which check() found fit, a guest that resumes at `rip` with `rsp`; returns only to refuse,
// with enum hyperdbg_enter_error.
u32 enter(VmxCpu& cpu, u64 linux_cr3, u64 rsp, u64 rip);

// The parts of this folder, for each other.

// controls.cpp: what is switched on, by the processor's capabilities.
struct ControlSet {
  u32 pin_based, primary, secondary, exit, entry;
  bool complete;
};
ControlSet choose_controls();
void write_controls(VmxCpu& cpu, const ControlSet& controls);

// injection.cpp: the event whose delivery an exit interrupted, and the ends of windows.
void keep_interrupted_event(x86::vmx::InterruptionInformation interrupted);
x86::vmx::Interruptibility interruptibility();
void set_interruptibility(x86::vmx::Interruptibility state);
void end_nmi_window(VmxCpu& cpu);
void end_interrupt_window();

// intercepted.cpp: exits that, but for a few, only events bring about.
[[gnu::noinline]] Exit decode_watched(VmxCpu& cpu, x86::vmx::ExitReason reason, bool delivering);
u32 not_intercepted(const ControlSet& controls);  // bit i: events of kind i cannot be watched

// calls_32.cpp: INT 80 and SYSENTER, which raise #GP while they are watched. If this one was for such,
// the exit says so from then on.
void decode_32_bit_call(VmxCpu& cpu, u32 error_code, bool delivering, Exit& exit);

// msr.cpp
void clear_msr_intercepts(VmxCpu& cpu);
void add_msr_intercept(VmxCpu& cpu, u32 kind, u64 msr);

// registers.cpp: CR4 as the guest believes it to be; `false`, if the guest would get #GP.
u64 guest_cr4(const VmxCpu& cpu);
bool write_guest_cr4(VmxCpu& cpu, u64 value);
void forget_linear_translations(const VmxCpu& cpu);

// init.cpp: INIT and start-up IPIs from another CPU.
void reset_by_init(VmxCpu& cpu);
void start_up(VmxCpu& cpu, u8 vector);

}  // namespace hyperdbg::vmx
