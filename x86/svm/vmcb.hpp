// SPDX-License-Identifier: MIT
#pragma once
#include "base/field.hpp"

// AMD64 Architecture Programmer's Manual vol. 2 (24593), appendix B "VMCB Layout".
namespace hyperdbg::x86::svm {

// Table B-1: one bit per intercept, named as the manual's "Intercept reads of..." column abbreviates them.
namespace intercept3 {  // offset 00Ch
inline constexpr u32 INTR = 1u << 0;
inline constexpr u32 NMI = 1u << 1;
inline constexpr u32 VINTR = 1u << 4;
inline constexpr u32 RDTSC = 1u << 14;
inline constexpr u32 RDPMC = 1u << 15;
inline constexpr u32 CPUID = 1u << 18;
inline constexpr u32 IRET = 1u << 20;
inline constexpr u32 INTn = 1u << 21;
inline constexpr u32 IOIO_PROT = 1u << 27;
inline constexpr u32 MSR_PROT = 1u << 28;
inline constexpr u32 SHUTDOWN = 1u << 31;
}  // namespace intercept3
namespace intercept4 {  // offset 010h
inline constexpr u32 VMRUN = 1u << 0;
inline constexpr u32 VMMCALL = 1u << 1;
inline constexpr u32 VMLOAD = 1u << 2;
inline constexpr u32 VMSAVE = 1u << 3;
inline constexpr u32 STGI = 1u << 4;
inline constexpr u32 CLGI = 1u << 5;
inline constexpr u32 SKINIT = 1u << 6;
inline constexpr u32 RDTSCP = 1u << 7;
inline constexpr u32 XSETBV = 1u << 13;
}  // namespace intercept4

// Offsets 000h and 004h: reads of registers 0 to 15 in the lower half, writes in the upper.
constexpr u32 intercept_write(u32 number) {
  return 1u << (16 + number);
}

// Offset 060h, "Virtual Interrupts": an interrupt that the guest takes when it can; here only its window is wanted.
namespace vintr {
inline constexpr u64 V_IRQ = 1ull << 8;
inline constexpr u64 V_INTR_PRIO_highest = 15ull << 16;
inline constexpr u64 V_IGN_TPR = 1ull << 20;
}  // namespace vintr

// Appendix C "SVM Intercept Exit Codes".
enum class ExitCode : u64 {
  CR0_WRITE = 0x10,
  CR4_WRITE = 0x14,
  DR0_READ = 0x20,
  DR0_WRITE = 0x30,
  DR15_WRITE = 0x3f,
  EXCEPTION_0 = 0x40,
  EXCEPTION_31 = 0x5f,
  INTR = 0x60,
  NMI = 0x61,
  VINTR = 0x64,
  RDTSC = 0x6e,
  RDPMC = 0x6f,
  CPUID = 0x72,
  IRET = 0x74,
  SWINT = 0x75,
  IOIO = 0x7b,
  MSR = 0x7c,
  SHUTDOWN = 0x7f,
  VMRUN = 0x80,
  VMMCALL = 0x81,
  VMLOAD = 0x82,
  VMSAVE = 0x83,
  STGI = 0x84,
  CLGI = 0x85,
  SKINIT = 0x86,
  RDTSCP = 0x87,
  XSETBV = 0x8d,
  NPF = 0x400,
  INVALID = ~0ull,
};

enum class EventType : u8 { external_interrupt = 0, nmi = 2, exception = 3, software_interrupt = 4 };

// 15.20 "Event Injection"; EXITINTINFO has the same format.
struct EventInjection : Register<EventInjection> {
  static constexpr Field<63, 32, u32> error_code{};
  static constexpr Field<31, 31, bool> valid{};
  static constexpr Field<11, 11, bool> error_code_valid{};
  static constexpr Field<10, 8, EventType> type{};
  static constexpr Field<7, 0, u8> vector{};
};

// 15.25.6 "Nested versus Guest Page Faults", EXITINFO1.
struct NestedFault : Register<NestedFault> {
  static constexpr Field<33, 33, bool> guest_table_walk{};
  static constexpr Field<32, 32, bool> final_access{};
  static constexpr Field<4, 4, bool> fetch{};
  static constexpr Field<1, 1, bool> write{};
  static constexpr Field<0, 0, bool> present{};
};

enum class TlbControl : u8 { none = 0, flush_all = 1 };

struct Segment {
  u16 selector;    // 00
  u16 attributes;  // 02 bits 55:52 and 47:40 of the descriptor, concatenated
  u32 limit;       // 04
  u64 base;        // 08
};
static_assert(sizeof(Segment) == 16);

struct Vmcb {
  // Control area
  u32 intercept_cr;            // 000
  u32 intercept_dr;            // 004
  u32 intercept_exception;     // 008
  u32 intercept3;              // 00c
  u32 intercept4;              // 010
  u32 intercept5;              // 014
  u32 reserved_018[9];         // 018
  u16 pause_threshold;         // 03c
  u16 pause_count;             // 03e
  u64 iopm_base_pa;            // 040
  u64 msrpm_base_pa;           // 048
  u64 tsc_offset;              // 050
  u32 guest_asid;              // 058
  TlbControl tlb_control;      // 05c
  u8 reserved_05d[3];          // 05d
  u64 vintr;                   // 060
  u64 interrupt_shadow;        // 068 bit 0
  u64 exitcode;                // 070
  u64 exitinfo1;               // 078
  u64 exitinfo2;               // 080
  EventInjection exitintinfo;  // 088
  u64 np_enable;               // 090 bit 0
  u64 reserved_098[2];         // 098
  EventInjection eventinj;     // 0a8
  u64 n_cr3;                   // 0b0
  u64 lbr_virtualization;      // 0b8
  u32 clean;                   // 0c0
  u32 reserved_0c4;            // 0c4
  u64 nrip;                    // 0c8
  u8 reserved_0d0[0x400 - 0xd0];
  // State save area
  Segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;  // 400
  u8 reserved_4a0[43];                                   // 4a0
  u8 cpl;                                                // 4cb
  u32 reserved_4cc;                                      // 4cc
  u64 efer;                                              // 4d0
  u8 reserved_4d8[112];                                  // 4d8
  u64 cr4, cr3, cr0;                                     // 548
  u64 dr7, dr6;                                          // 560
  u64 rflags, rip;                                       // 570
  u8 reserved_580[88];                                   // 580
  u64 rsp;                                               // 5d8
  u64 s_cet, ssp, isst_addr;                             // 5e0
  u64 rax;                                               // 5f8
  u64 star, lstar, cstar, sfmask, kernel_gs_base;        // 600
  u64 sysenter_cs, sysenter_esp, sysenter_eip;           // 628
  u64 cr2;                                               // 640
  u8 reserved_648[32];                                   // 648
  u64 g_pat;                                             // 668
  u64 dbgctl;                                            // 670
  u8 reserved_678[104];                                  // 678
  u64 spec_ctrl;                                         // 6e0
  u8 reserved_6e8[4096 - 0x6e8];
};
static_assert(sizeof(Vmcb) == 4096);
static_assert(offsetof(Vmcb, vintr) == 0x60 && offsetof(Vmcb, eventinj) == 0xa8 && offsetof(Vmcb, nrip) == 0xc8);
static_assert(offsetof(Vmcb, es) == 0x400 && offsetof(Vmcb, cpl) == 0x4cb && offsetof(Vmcb, efer) == 0x4d0);
static_assert(offsetof(Vmcb, cr4) == 0x548 && offsetof(Vmcb, rip) == 0x578 && offsetof(Vmcb, rsp) == 0x5d8);
static_assert(offsetof(Vmcb, rax) == 0x5f8 && offsetof(Vmcb, cr2) == 0x640 && offsetof(Vmcb, g_pat) == 0x668);
static_assert(offsetof(Vmcb, spec_ctrl) == 0x6e0);

// 15.9 "Instruction Intercepts" and 15.11 "MSR Intercepts": two bits for each MSR, read then write, in three ranges.
inline constexpr u64 msr_permission_map_size = 8192;
inline constexpr u64 io_permission_map_size = 12288;

// Bit number in the permission map of the read intercept of an MSR (the write intercept is the next bit), or -1: an MSR
// outside the three ranges always exits.
constexpr s64 msr_permission_bit(u32 msr) {
  if (msr < 0x2000) return s64{msr} * 2;
  if (msr >= 0xc0000000 && msr < 0xc0002000) return 0x800 * 8 + s64{msr - 0xc0000000} * 2;
  if (msr >= 0xc0010000 && msr < 0xc0012000) return 0x1000 * 8 + s64{msr - 0xc0010000} * 2;
  return -1;
}

}  // namespace hyperdbg::x86::svm
