// SPDX-License-Identifier: MIT
#pragma once
#include "abi/image.h"
#include "abi/limits.h"
#include "abi/wire.h"
#include "base/message_ring.hpp"
#include "base/types.hpp"
#include "hypervisor/core/system_calls.hpp"
#include "hypervisor/cpu/offsets.h"

namespace hyperdbg {

struct BackendOperations;
struct CodeRun;
struct ScriptRun;

// What stopped the debuggee, as it is told to the debugger.
struct HaltCause {
  hyperdbg_halt_reason reason = HYPERDBG_HALT_REQUEST;
  u32 event = HYPERDBG_NO_EVENT;
  u32 stage = 0;    // 0 = pre, 1 = post
  u64 context = 0;  // $context of the event
  const char* text = nullptr;
};

// One CPU beneath which the image runs; the vendor-neutral part. Backends derive from it.
struct Vcpu {
  hyperdbg_registers registers;  // first: hypervisor/cpu/svm_run.S and vmx_run.S store here
  volatile bool nmi_taken;       // set by the image's own NMI handler; vmx_run.S looks at it
  u32 core;
  u64 code_stack;  // of root mode, while custom code has one of its own: code_call.S
  const BackendOperations* backend;
  const hyperdbg_boot_cpu* boot;
  RingWriter ring;
  ScriptRun* event_run;                              // for events' scripts, one at a time
  CodeRun* code_run;                                 // custom code that is running
  ScriptRun* run;                                    // the script that is running, for its fault
  alignas(16) u8 arena[HYPERDBG_SCRIPT_ARENA_SIZE];  // of the scripts that run here
  u64 entry_ticks;                                   // TSC at the start of this exit
  u64 exits;
  bool spoke;                    // this exit wrote records
  bool removals_wait;            // a script of this exit cleared an event
  bool instruction_pointer_set;  // an action wrote RIP in this exit
  u64 intercept_generation;      // of the engine, when intercepts were last computed
  u64 nested_generation;         // of the nested page tables, when translations were last flushed
  volatile bool expect_nmi;      // a stop is under way: the next NMI is ours
  volatile u8 acknowledged;      // vector of the interrupt that root mode took for the guest, 0 = none
  u64 waiting_interrupts[4];     // bit v: interrupt v is to be injected when the guest takes interrupts
  SystemCalls system_calls;
};

static_assert(__builtin_offsetof(Vcpu, nmi_taken) == HYPERDBG_NMI_TAKEN);
static_assert(__builtin_offsetof(Vcpu, code_stack) == HYPERDBG_CODE_STACK);

}  // namespace hyperdbg
