// SPDX-License-Identifier: MIT
#pragma once
#include "base/types.hpp"
#include "hypervisor/core/injection.hpp"

namespace hyperdbg {

// Why the guest stopped running, in words that both vendors share. Decoded once for each #VMEXIT.
enum class ExitKind : u8 {
  handled,  // the backend dealt with it alone
  cpuid,
  rdmsr,
  wrmsr,
  rdtsc,
  rdtscp,
  rdpmc,
  xsetbv,
  debug_register,
  control_register,
  hypercall,
  exception,
  interrupt_call,    // INT 80 in user mode
  sysenter,          // in user mode
  interrupt,         // from outside, acknowledged
  interrupt_window,  // the guest can take an interrupt now
  nmi,
  io,
  nested_fault,
  undefined,  // an instruction that does not exist for a guest
  shutdown,   // triple fault
  unknown,
};

enum class NestedAccess : u8 { read, write, fetch };

struct NestedFaultInfo {
  PhysicalAddress address;
  NestedAccess access;
};

struct IoInfo {
  u16 port;
  u8 size;  // bytes
  bool in;
  bool string;
};

// MOV to or from a debug register.
struct DebugRegisterInfo {
  u8 number;            // 0 to 7, as in the instruction
  u8 general_register;  // enum hyperdbg_register
  bool write;
};

// An instruction that writes CR0 or CR4: MOV from a register, CLTS, or LMSW.
struct ControlRegisterInfo {
  enum class Kind : u8 { mov, clts, lmsw };
  Kind kind;
  u8 number;
  u8 general_register;  // enum hyperdbg_register, of MOV
  u16 status_word;      // of LMSW
};

// An exception that the guest has not got yet.
struct ExceptionInfo {
  Injection injection;
  u64 detail;  // of #PF: the address, CR2 to be; of #DB: the bits that DR6 still lacks
};

struct Exit {
  ExitKind kind;
  u8 length;  // of the instruction, where there is one; of an exception: of the instruction that raised it on purpose
  union {
    NestedFaultInfo nested_fault;
    IoInfo io;
    DebugRegisterInfo debug_register;
    ControlRegisterInfo control_register;
    ExceptionInfo exception;
    Injection call;  // of INT 80: what takes the guest to its handler, once RIP is behind the instruction
    u8 interrupt;    // vector
  };
};

}  // namespace hyperdbg
