// SPDX-License-Identifier: MIT
#pragma once
#include <span>

#include "abi/script.h"
#include "hypervisor/core/vcpu.hpp"
#include "hypervisor/events/host.hpp"

namespace hyperdbg {

// One run of a compiled script. The context is first: the runtime functions get its address and find the rest.
struct ScriptRun {
  hyperdbg_script_context context;
  Vcpu* vcpu;
  ScriptRun* outer;  // an evaluation at a halt that a script caused
  Event* event;      // nullptr for an evaluation
  u32 action;
  u64 fuel;    // that it began with
  u64 unwind;  // stack pointer for script_unwind()
  u64 error;   // enum hyperdbg_script_error, when the run was ended
  u64 position;
  u64 detail;
  char text[HYPERDBG_SCRIPT_TEXT_SIZE];  // $date and $time
};

// Once for each CPU, before it runs any.
void prepare_scripts(Vcpu& vcpu);

// Runs an action's script in the trigger `call`; false if it was ended by an error, which is then on the record.
bool run_script(Vcpu& vcpu, const ScriptCall& call);

// A compiled script, and how it is to be run.
struct Blob {
  const u8* code;
  u64 size;   // bytes
  u64 fuel;   // operations that it may spend
  u32 flags;  // enum hyperdbg_action_flag
};

// Runs code that belongs to no event, for `?` on a halted CPU; context, tag and stage are those of the event that
// halted.
bool run_evaluation(Vcpu& vcpu, const Blob& blob);

// The bytes of what runs of scripts keep, of all CPUs.
std::span<const u8> running_scripts();

// A RECORD_TEXT: the engine's own words.
void record_text(Vcpu& vcpu, Event* event, const char* text);

}  // namespace hyperdbg
