// SPDX-License-Identifier: MIT
#pragma once
#include "abi/record.h"
#include "hypervisor/core/vcpu.hpp"
#include "hypervisor/events/event.hpp"

// Records of the calling CPU, into its own ring. `event` is nullptr for an evaluation.
namespace hyperdbg {

void record_message(Vcpu& vcpu, Event* event, u32 action, u32 format, u32 count, const u64* values, u64 kinds,
                    u32 stage);
// RECORD_SCRIPT_ERROR or RECORD_SCRIPT_WARNING.
void record_script_failure(Vcpu& vcpu, hyperdbg_record_kind kind, Event* event, u32 action, u32 error, u32 position,
                           u64 detail);
void record_bytes(Vcpu& vcpu, Event* event, hyperdbg_record_kind kind, const char* bytes, u32 size);

}  // namespace hyperdbg
