// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/vcpu.hpp"
#include "x86/decoder.hpp"

// The guest as the calling CPU sees it in this moment.
namespace hyperdbg {

bool read_virtual(const Vcpu& vcpu, u64 address, void* to, u64 size);
u64 read_virtual_some(const Vcpu& vcpu, u64 address, void* to, u64 size);  // bytes up to the first unreadable one
// Where the byte can be read in the direct map, with the rest of its page; nullptr: nowhere.
const u8* readable_place(const Vcpu& vcpu, u64 address);
bool write_virtual(Vcpu& vcpu, u64 address, const void* from, u64 size);
bool read_physical(u64 address, void* to, u64 size);
bool write_physical(u64 address, const void* from, u64 size);
u64* guest_cell(const Vcpu& vcpu, u64 address);  // 8 aligned bytes that may be written; nullptr if there are none
bool translate_virtual(const Vcpu& vcpu, u64 address, u64& physical);

bool readable_virtual(const Vcpu& vcpu, u64 address, u64 size);  // all of it
// Physical address of the top-level table that has the kernel, also where the guest is on the one of user mode.
u64 kernel_root(const Vcpu& vcpu);
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
