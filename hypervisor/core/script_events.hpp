// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/script_run.hpp"

namespace hyperdbg {

// The services of abi/script.h that are about events, the halt and the messages. False: `service` is none of them.
bool control_events(ScriptRun& run, u64 service, u64 argument, u64 position);

// What scripts of this exit cleared is taken out of the table and out of the intercepts. At the end of an exit.
void remove_cleared_events(Vcpu& vcpu);

// For loops inside a script that may last: lets others stop the machine.
void yield_to_stop(ScriptRun& run);

}  // namespace hyperdbg
