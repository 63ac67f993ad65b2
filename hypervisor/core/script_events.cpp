// SPDX-License-Identifier: MIT
#include "hypervisor/core/script_events.hpp"

#include "hypervisor/core/event_host.hpp"
#include "hypervisor/core/halt.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/core/records.hpp"

namespace hyperdbg {

namespace {

void warn(const ScriptRun& run, hyperdbg_script_warning warning, u64 position, u64 detail = 0) {
  record_script_failure(*run.vcpu, HYPERDBG_RECORD_SCRIPT_WARNING, run.event, run.action, warning,
                        static_cast<u32>(position), detail);
}

void clear_event(const ScriptRun& run, u64 id, u64 position) {
  if (id > ~0u || !machine.engine.clear_from_script(static_cast<u32>(id)))
    return warn(run, HYPERDBG_WARNING_UNKNOWN_EVENT, position, id);
  if (run.event != nullptr) run.vcpu->removals_wait = true;  // from `?` the end of the halt does it
}

void enable_event(const ScriptRun& run, u64 id, bool enabled, u64 position) {
  if (id > ~0u || !machine.engine.set_enabled_from_script(static_cast<u32>(id), enabled))
    warn(run, HYPERDBG_WARNING_UNKNOWN_EVENT, position, id);
}

void pause(ScriptRun& run, u64 position) {
  if (!machine.debugger_mode()) return warn(run, HYPERDBG_WARNING_PAUSE_IN_VMI, position);
  if (run.event == nullptr) return warn(run, HYPERDBG_WARNING_PAUSE_OUTSIDE_OF_EVENT, position);
  const Stage stage = run.context.event_stage != 0 ? Stage::post : Stage::pre;
  EventHostCpu(*run.vcpu, run.context.context).break_to_debugger(run.event->id, stage);
  run.context.cache_limit = 0;  // memory may have changed meanwhile
}

}  // namespace

bool control_events(ScriptRun& run, u64 service, u64 argument, u64 position) {
  switch (service) {
    case HYPERDBG_SERVICE_EVENT_ENABLE:
    case HYPERDBG_SERVICE_EVENT_DISABLE:
      enable_event(run, argument, service == HYPERDBG_SERVICE_EVENT_ENABLE, position);
      return true;
    case HYPERDBG_SERVICE_EVENT_CLEAR:
      clear_event(run, argument, position);
      return true;
    case HYPERDBG_SERVICE_PAUSE:
      pause(run, position);
      return true;
    case HYPERDBG_SERVICE_FLUSH:
      record_bytes(*run.vcpu, run.event, HYPERDBG_RECORD_FLUSH, nullptr, 0);
      return true;
    default:
      return false;
  }
}

void remove_cleared_events(Vcpu& vcpu) {
  vcpu.removals_wait = false;
  machine.stop.acquire(vcpu);
  machine.engine.reap();
  machine.stop.release();
  resume_cpu(vcpu);
}

void yield_to_stop(ScriptRun& run) {
  if (!machine.stop.requested() || machine.stop.owned_by(run.vcpu->core)) return;
  machine.stop.park(*run.vcpu);
  run.context.cache_limit = 0;
}

}  // namespace hyperdbg
