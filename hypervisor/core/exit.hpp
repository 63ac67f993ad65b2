// SPDX-License-Identifier: MIT
#pragma once
#include "base/types.hpp"

namespace hyperdbg {

// Why the guest stopped running, in words that both vendors share. Decoded once for each #VMEXIT.
enum class ExitKind : u8 {
  handled,  // the backend dealt with it alone
  cpuid,
  rdmsr,
  wrmsr,
  hypercall,
  nmi,
  io,  // an access to a hidden port
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

struct Exit {
  ExitKind kind;
  u8 length;  // of the instruction, where there is one
  union {
    NestedFaultInfo nested_fault;
    IoInfo io;
  };
};

}  // namespace hyperdbg
