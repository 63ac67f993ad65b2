// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/exception_frame.hpp"

namespace hyperdbg {

struct MemoryAccess {
  u64 address = 0;
  u64 value = 0;  // to be written
  u8 size = 0;    // 2, 4 or 8; 4 is only read
  bool write = false;
  bool on_stack = false;  // an address that is not canonical is #SS, not #GP
};

/*
 * Memory of an instruction that is done for custom code. The code reaches it itself, with one instruction of
 * cpu/code_access.S that it is sent to for one step: what faults then is its own fault, and what must be linked for it
 * is linked, as with all that it executes.
 */
class CodeAccess {
 public:
  void begin(ExceptionFrame& frame, const MemoryAccess& access);
  // Behind the step; everything is again as begin() found it. What was read.
  u64 finish(ExceptionFrame& frame);

  bool under_way() const { return under_way_; }
  bool on_stack() const { return under_way_ && on_stack_; }
  u64 rip() const { return rip_; }  // of the instruction that wants it

 private:
  u64 rip_ = 0, rax_ = 0, rdx_ = 0;
  bool under_way_ = false, on_stack_ = false;
};

}  // namespace hyperdbg
