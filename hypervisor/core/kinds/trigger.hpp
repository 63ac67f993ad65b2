// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/backend.hpp"
#include "hypervisor/core/event_host.hpp"
#include "hypervisor/core/machine.hpp"

// What all kinds have in common: pre stage, the effect unless an event suppressed it, post stage.
namespace hyperdbg {

// `effect` returns false when it did not take place: it ended in a fault of the guest's, which is raised already.
// `skip` is what a short-circuit does in its place.
template <Backend B, class Effect, class Skip>
void run_trigger(typename B::Cpu& cpu, const Trigger& trigger, Effect effect, Skip skip) {
  EventHostCpu host(cpu, trigger.context);
  cpu.instruction_pointer_set = false;
  const Outcome outcome = machine.engine.run_pre(host, trigger);
  if (outcome.next == Next::redirected) return;
  if (outcome.next == Next::skip) return skip();
  if (!effect()) return;
  if (outcome.post) machine.engine.run_post(host, trigger);
}

// An instruction: RIP moves behind it, whether it was executed or skipped.
template <Backend B, class Effect>
void run_instruction(typename B::Cpu& cpu, u8 length, const Trigger& trigger, Effect effect) {
  run_trigger<B>(
      cpu, trigger,
      [&] {
        if (!effect()) return false;
        B::advance(cpu, length);
        return true;
      },
      [&] { B::advance(cpu, length); });
}

template <Backend B>
void deliver_exception(typename B::Cpu& cpu, const ExceptionInfo& exception, u8 length);

// A fault of an instruction that is emulated here; `!exception` sees it like one of the processor's own.
template <Backend B>
[[gnu::noinline]] void raise(typename B::Cpu& cpu, const Injection& injection, u64 detail = 0) {
  if (!machine.engine.watches(HYPERDBG_EVENT_EXCEPTION)) return B::deliver(cpu, {injection, detail}, 0);
  deliver_exception<B>(cpu, {injection, detail}, 0);
}

// false, for an effect to return.
template <Backend B>
bool refuse(typename B::Cpu& cpu, const Injection& injection, u64 detail = 0) {
  raise<B>(cpu, injection, detail);
  return false;
}

}  // namespace hyperdbg
