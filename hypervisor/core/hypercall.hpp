// SPDX-License-Identifier: MIT
#pragma once
#include <span>

#include "base/types.hpp"

namespace hyperdbg {

struct Vcpu;

// From the module's text, in kernel mode, with this load's secret. Anything else does not exist.
bool hypercall_is_ours(const Vcpu& vcpu, bool privileged);

// All but HYPERDBG_CALL_LEAVE; the result is in RAX.
void run_hypercall(Vcpu& vcpu);

// Where requests of the module are copied to.
std::span<const u8> request_buffer();

}  // namespace hyperdbg
