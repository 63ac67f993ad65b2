// SPDX-License-Identifier: MIT
#pragma once

namespace hyperdbg {

struct Vcpu;

// From the module's text, in kernel mode, with this load's secret. Anything else does not exist.
bool hypercall_is_ours(const Vcpu& vcpu, bool privileged);

// All but HYPERDBG_CALL_LEAVE; the result is in RAX.
void run_hypercall(Vcpu& vcpu);

}  // namespace hyperdbg
