// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/vcpu.hpp"
#include "x86/decoder.hpp"

// The guest as the calling CPU sees it in this moment.
namespace hyperdbg {

bool read_virtual(const Vcpu& vcpu, u64 address, void* to, u64 size);
u64 read_virtual_some(const Vcpu& vcpu, u64 address, void* to, u64 size);  // bytes up to the first unreadable one
bool write_virtual(Vcpu& vcpu, u64 address, const void* from, u64 size);
bool read_physical(u64 address, void* to, u64 size);
bool write_physical(u64 address, const void* from, u64 size);
bool translate_virtual(const Vcpu& vcpu, u64 address, u64& physical);

// The root of the page tables in which the guest finds this address.
u64 page_table_root_for(const Vcpu& vcpu, u64 address);

// Bytes at the instruction pointer, at most `size`; how many there are.
u32 read_code(const Vcpu& vcpu, u8* to, u32 size);
// Length of the instruction at `rip`, for processors that do not tell; without prefixes it would be `usual`.
u8 instruction_length(const Vcpu& vcpu, u64 rip, u64 root, u8 usual, x86::Branches branches);

// task_struct of the current task, and numbers from it; 0 where it cannot be read.
u64 current_task(const Vcpu& vcpu);
u32 current_process(const Vcpu& vcpu);  // tgid
u32 current_thread(const Vcpu& vcpu);   // pid
u64 current_group_leader(const Vcpu& vcpu);

}  // namespace hyperdbg
