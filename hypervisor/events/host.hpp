// SPDX-License-Identifier: MIT
#pragma once
#include <concepts>

#include "base/result.hpp"
#include "base/types.hpp"
#include "hypervisor/events/event.hpp"

namespace hyperdbg {

// What happened on a core. The same trigger goes to the pre and to the post pass.
struct Trigger {
  u32 kind;           // enum hyperdbg_event_kind
  u64 key;            // leaf, MSR, ...: what events name
  u64 context;        // $context
  u64 unchanged = 0;  // bits that the effect leaves as they are: events that watch no others do not see it
};

// One run of one action, as the host needs it to fill a script's context or to call custom code.
struct ScriptCall {
  Event& event;
  const Action& action;
  Stage stage;
  u64 context;
};

// What a condition says. `failed`: it was ended by a fault, or by its own length.
enum class Verdict : u8 { met, unmet, failed };

/*
 * The core that runs events. Every function may be called several times in one trigger. During run_script() and
 * break_to_debugger() requests may change the engine; the core must reach no other point at which it waits for others.
 */
template <class H>
concept EventHost = requires(H& host, const ScriptCall& call, u32 event, Stage stage, const char* text) {
  { host.core() } -> std::same_as<u32>;
  { host.process() } -> std::same_as<u32>;          // tgid; only asked for when a filter needs it
  { host.run_script(call) } -> std::same_as<bool>;  // false: the run was ended by an error
  { host.run_code(call) } -> std::same_as<bool>;    // false: it faulted; then its event is disabled
  { host.run_condition(call.event, stage, call.context) } -> std::same_as<Verdict>;
  host.break_to_debugger(event, stage);
  { host.instruction_pointer_changed() } -> std::same_as<bool>;  // by an action, since the trigger began
  host.warn(event, text);                                        // a RECORD_TEXT of this event
};

enum class Next : u8 {
  emulate,     // perform the effect
  skip,        // short-circuited: only move past the instruction
  redirected,  // an action set the instruction pointer: resume there
};

struct Outcome {
  Next next = Next::emulate;
  bool post = false;  // Engine::run_post() has something to do after the emulation
};

}  // namespace hyperdbg
