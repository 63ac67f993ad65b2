// SPDX-License-Identifier: MIT
#pragma once
#include "abi/record.h"
#include "hypervisor/core/vcpu.hpp"
#include "hypervisor/events/host.hpp"

// Records of the calling CPU, into its own ring. `event` is nullptr for an evaluation.
namespace hyperdbg {

void record_message(Vcpu& vcpu, Event* event, u32 action, u32 format, u32 count, const u64* values, u64 kinds,
                    u32 stage);
// RECORD_SCRIPT_ERROR or RECORD_SCRIPT_WARNING.
void record_script_failure(Vcpu& vcpu, hyperdbg_record_kind kind, Event* event, u32 action, u32 error, u32 position,
                           u64 detail);
void record_code_fault(Vcpu& vcpu, const Event& event, u32 action, const hyperdbg_code_fault& fault);
// The event's buffer size of bytes at `address`: from `own` if that is given, else from the guest.
void record_buffer(Vcpu& vcpu, const ScriptCall& call, u64 address, const u8* own);
void record_bytes(Vcpu& vcpu, Event* event, hyperdbg_record_kind kind, const char* bytes, u32 size);

}  // namespace hyperdbg
