// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/code_access.hpp"
#include "hypervisor/core/exception_frame.hpp"
#include "hypervisor/core/kernel_window.hpp"
#include "hypervisor/core/segment_moves.hpp"
#include "hypervisor/core/vcpu.hpp"
#include "hypervisor/events/host.hpp"

namespace hyperdbg {

// As hypervisor/cpu/code_call.S reads it.
struct CodeCall {
  u64 entry, rcx, rdx, r8, stack, flags;
};

// A run of custom code or of a condition on this CPU. While there is one, nothing else runs here but exception
// handlers.
struct CodeRun {
  CodeCall call;
  u64 size;   // bytes from call.entry on
  u64 steps;  // instructions executed, when they are counted
  u64 cr2;    // the guest's, as the code left it
  bool touches_state;
  KernelWindow kernel;
  SegmentMove segment_move;
  CodeAccess access;
  hyperdbg_code_fault fault;
  bool failed;
};

// False if it was ended; that is on the record.
bool run_code(Vcpu& vcpu, const ScriptCall& call);
Verdict run_condition(Vcpu& vcpu, const Event& event, Stage stage, u64 context);

// An exception while custom code runs: true if it was the code's.
bool handle_code_exception(Vcpu& vcpu, ExceptionFrame& frame);

}  // namespace hyperdbg
