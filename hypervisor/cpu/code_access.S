/* SPDX-License-Identifier: MIT */
/*
 * What custom code executes in the place of an instruction that is done for it (class CodeAccess): one access to the
 * memory at RAX, from or to RDX. Its step ends it, so nothing comes behind.
 */
	.text
	.macro access name, instruction:vararg
	.globl \name
\name:
	\instruction
	ud2
	.endm

	access code_read_2, movzwl (%rax), %edx
	access code_read_4, mov (%rax), %edx
	access code_read_8, mov (%rax), %rdx
	access code_write_2, mov %dx, (%rax)
	access code_write_8, mov %rdx, (%rax)
	.section .note.GNU-stack, "", @progbits
