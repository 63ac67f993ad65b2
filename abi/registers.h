/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/types.h"

/* HyperDbg's GUEST_REGS: scripts and custom code see exactly this block ("How to create an action?"). */
struct hyperdbg_registers {
	uint64_t rax, rcx; /* 0x00 */
	uint64_t rdx, rbx; /* 0x10 */
	uint64_t rsp, rbp; /* 0x20 */
	uint64_t rsi, rdi; /* 0x30 */
	uint64_t r8, r9;   /* 0x40 */
	uint64_t r10, r11; /* 0x50 */
	uint64_t r12, r13; /* 0x60 */
	uint64_t r14, r15; /* 0x70 */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_registers, 128);

/* Every register by number. 0..15 are indexes into struct hyperdbg_registers; segments are selectors. */
enum hyperdbg_register {
	HYPERDBG_RAX, HYPERDBG_RCX, HYPERDBG_RDX, HYPERDBG_RBX, HYPERDBG_RSP, HYPERDBG_RBP, HYPERDBG_RSI, HYPERDBG_RDI,
	HYPERDBG_R8, HYPERDBG_R9, HYPERDBG_R10, HYPERDBG_R11, HYPERDBG_R12, HYPERDBG_R13, HYPERDBG_R14, HYPERDBG_R15,
	HYPERDBG_RIP, HYPERDBG_RFLAGS,
	HYPERDBG_CS, HYPERDBG_SS, HYPERDBG_DS, HYPERDBG_ES, HYPERDBG_FS, HYPERDBG_GS, HYPERDBG_LDTR, HYPERDBG_TR,
	HYPERDBG_GDTR, HYPERDBG_IDTR, /* base addresses */
	HYPERDBG_CR0, HYPERDBG_CR2, HYPERDBG_CR3, HYPERDBG_CR4, HYPERDBG_CR8,
	HYPERDBG_DR0, HYPERDBG_DR1, HYPERDBG_DR2, HYPERDBG_DR3, HYPERDBG_DR6, HYPERDBG_DR7,
	HYPERDBG_FS_BASE, HYPERDBG_GS_BASE, HYPERDBG_KERNEL_GS_BASE, HYPERDBG_EFER,
	HYPERDBG_REGISTER_COUNT,
};
