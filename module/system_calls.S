/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#include <linux/linkage.h>
#include <asm/unwind_hints.h>
#define HYPERDBG_FILTERED_SYSTEM_CALLS_NUMBER 512 /* HYPERDBG_FILTERED_SYSTEM_CALLS of abi/image.h */

	.text
/*
 * Where LSTAR leads while system calls are watched, and KPTI is off: as SYSCALL left everything, no stack yet. Flags are
 * free, R11 has them. The image writes the target of the JMP, and what the bits are.
 */
	.macro system_call_stub vendor, instruction
	.balign 64
SYM_CODE_START(hyperdbg_system_call_\vendor)
	UNWIND_HINT_ENTRY
	ENDBR
	cmp $(HYPERDBG_FILTERED_SYSTEM_CALLS_NUMBER), %eax
	jae 1f
	bt %eax, hyperdbg_system_call_filter(%rip)
	jc 2f
	.balign 4, 0x90
	nop
	nop
	nop /* the displacement is aligned: written while others run through it */
0:
	ANNOTATE_NOENDBR
SYM_INNER_LABEL(hyperdbg_system_call_jump_\vendor, SYM_L_GLOBAL)
	.byte 0xe9
	.long 0
1:	testl $1, (hyperdbg_system_call_filter + HYPERDBG_FILTERED_SYSTEM_CALLS_NUMBER / 8)(%rip)
	jz 0b
2:
	ANNOTATE_NOENDBR
SYM_INNER_LABEL(hyperdbg_system_call_trap_\vendor, SYM_L_GLOBAL)
	\instruction
	int3
SYM_CODE_END(hyperdbg_system_call_\vendor)
	.endm
	system_call_stub amd, vmmcall
	system_call_stub intel, vmcall

	.bss
	.balign 64
	.globl hyperdbg_system_call_filter
hyperdbg_system_call_filter:
	.skip HYPERDBG_FILTERED_SYSTEM_CALLS_NUMBER / 8 + 4
	.section .note.GNU-stack, "", @progbits
