// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/custom_code.hpp"
#include "hypervisor/core/guest.hpp"
#include "hypervisor/core/halt.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/core/script_run.hpp"

namespace hyperdbg {

// What the event engine asks of the CPU on which a trigger happened.
class EventHostCpu {
 public:
  EventHostCpu(Vcpu& vcpu, u64 context) : vcpu_(vcpu), context_(context) {}
  u32 core() const { return vcpu_.core; }
  u32 process() const { return current_process(vcpu_); }
  bool run_script(const ScriptCall& call) { return hyperdbg::run_script(vcpu_, call); }
  bool run_code(const ScriptCall& call) { return hyperdbg::run_code(vcpu_, call); }
  Verdict run_condition(const Event& event, Stage stage, u64 context) {
    return hyperdbg::run_condition(vcpu_, event, stage, context);
  }
  void break_to_debugger(u32 event, Stage stage) {
    halt(vcpu_, {.reason = HYPERDBG_HALT_EVENT,
                 .event = event,
                 .stage = static_cast<u32>(script_number(stage)),
                 .context = context_});
  }
  bool instruction_pointer_changed() const { return vcpu_.instruction_pointer_set; }
  void warn(u32 event, const char* text) { record_text(vcpu_, machine.engine.find(event), text); }

 private:
  Vcpu& vcpu_;
  u64 context_;
};
static_assert(EventHost<EventHostCpu>);

}  // namespace hyperdbg
