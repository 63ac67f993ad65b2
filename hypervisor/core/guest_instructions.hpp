// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/injection.hpp"

// Instructions that root mode executes in the guest's place, because they mean the same in both. `refusal` is the fault
// that the processor answers with; then the result is false.
namespace hyperdbg {

bool execute_rdpmc(u32 counter, u64& value, Injection& refusal);
bool execute_xsetbv(u32 number, u64 value, Injection& refusal);

}  // namespace hyperdbg
