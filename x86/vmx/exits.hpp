// SPDX-License-Identifier: MIT
#pragma once
#include "base/field.hpp"

// Why and how a VM exit came about, and what a VM entry injects.
namespace hyperdbg::x86::vmx {

// Intel SDM vol. 3, appendix C "VMX Basic Exit Reasons".
enum class ExitReason : u16 {
  EXCEPTION_OR_NMI = 0,
  EXTERNAL_INTERRUPT = 1,
  TRIPLE_FAULT = 2,
  INIT = 3,
  SIPI = 4,
  INTERRUPT_WINDOW = 7,
  NMI_WINDOW = 8,
  CPUID = 10,
  GETSEC = 11,
  INVD = 13,
  RDPMC = 15,
  RDTSC = 16,
  VMCALL = 18,
  VMCLEAR = 19,
  VMLAUNCH = 20,
  VMPTRLD = 21,
  VMPTRST = 22,
  VMREAD = 23,
  VMRESUME = 24,
  VMWRITE = 25,
  VMXOFF = 26,
  VMXON = 27,
  CR_ACCESS = 28,
  MOV_DR = 29,
  IO = 30,
  RDMSR = 31,
  WRMSR = 32,
  EPT_VIOLATION = 48,
  INVEPT = 50,
  RDTSCP = 51,
  INVVPID = 53,
  XSETBV = 55,
};

// 25.9.1 "Basic VM-Exit Information".
struct Reason : Register<Reason> {
  static constexpr Field<31, 31, bool> entry_failure{};
  static constexpr Field<15, 0, ExitReason> basic{};
};

enum class InterruptionType : u8 {
  external_interrupt = 0,
  nmi = 2,
  hardware_exception = 3,
  software_interrupt = 4,
  privileged_software_exception = 5,
  software_exception = 6,
};

// 25.8.3 "VM-Entry Controls for Event Injection"; 25.9.2 and 25.9.3 have the same format but for bit 12.
struct InterruptionInformation : Register<InterruptionInformation> {
  static constexpr Field<31, 31, bool> valid{};
  static constexpr Field<12, 12, bool> nmi_unblocking{};  // reported only; an injection must have it 0
  static constexpr Field<11, 11, bool> error_code_valid{};
  static constexpr Field<10, 8, InterruptionType> type{};
  static constexpr Field<7, 0, u8> vector{};

  // Delivered by an instruction of the guest's, whose length an injection must name.
  constexpr bool by_instruction() const { return get(type) >= InterruptionType::software_interrupt; }
};

// 25.4.2 "Guest Non-Register State".
struct Interruptibility : Register<Interruptibility> {
  static constexpr Field<3, 3, bool> blocking_by_nmi{};
  static constexpr Field<1, 1, bool> blocking_by_mov_ss{};
  static constexpr Field<0, 0, bool> blocking_by_sti{};
  static constexpr u64 by_instruction = 3;  // STI or MOV SS: lasts for one instruction
};
enum class ActivityState : u32 { active = 0, halted = 1, shutdown = 2, wait_for_sipi = 3 };

struct PendingDebugExceptions : Register<PendingDebugExceptions> {
  static constexpr Field<14, 14, bool> bs{};
};

// 28.2.1, table 28-3 "Exit Qualification for Control-Register Accesses".
struct CrAccess {
  enum class Kind : u8 { mov_to_cr = 0, mov_from_cr = 1, clts = 2, lmsw = 3 };
  Kind kind;
  u8 control_register;
  u8 general_register;  // numbered as in instructions: RAX, RCX, RDX, RBX, RSP...
  u16 status_word;      // what LMSW loads
};
constexpr CrAccess cr_access(u64 qualification) {
  return {.kind = static_cast<CrAccess::Kind>(qualification >> 4 & 3),
          .control_register = static_cast<u8>(qualification & 15),
          .general_register = static_cast<u8>(qualification >> 8 & 15),
          .status_word = static_cast<u16>(qualification >> 16)};
}

// Table 28-4 "Exit Qualification for MOV DR".
struct DrAccess {
  u8 debug_register;
  u8 general_register;
  bool write;
};
constexpr DrAccess dr_access(u64 qualification) {
  return {.debug_register = static_cast<u8>(qualification & 7),
          .general_register = static_cast<u8>(qualification >> 8 & 15),
          .write = (qualification & 16) == 0};
}

// Table 28-5 "Exit Qualification for I/O Instructions".
struct IoAccess {
  u16 port;
  u8 size;  // bytes
  bool in;
  bool string;
};
constexpr IoAccess io_access(u64 qualification) {
  return {.port = static_cast<u16>(qualification >> 16),
          .size = static_cast<u8>((qualification & 7) + 1),
          .in = (qualification & 8) != 0,
          .string = (qualification & 16) != 0};
}

// Table 28-7 "Exit Qualification for EPT Violations".
struct EptViolation {
  bool read, write, fetch;
  bool nmi_unblocking;  // by an IRET that this violation interrupted
};
constexpr EptViolation ept_violation(u64 qualification) {
  return {.read = (qualification & 1) != 0,
          .write = (qualification & 2) != 0,
          .fetch = (qualification & 4) != 0,
          .nmi_unblocking = (qualification & 1 << 12) != 0};
}

}  // namespace hyperdbg::x86::vmx
