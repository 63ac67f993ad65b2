/* SPDX-License-Identifier: MIT */
	.text
/*
 * u64 script_call(context, entry, u64 *unwind): runs a blob; 0 = it returned, 1 = script_unwind ended it.
 * *unwind receives the stack pointer that script_unwind needs.
 */
	.globl script_call
script_call:
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	sub $8, %rsp
	mov %rsp, (%rdx)
	call *%rsi
	xor %eax, %eax
.Lreturn:
	add $8, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	ret

/* [[noreturn]] void script_unwind(u64 unwind) */
	.globl script_unwind
script_unwind:
	mov %rdi, %rsp
	mov $1, %eax
	jmp .Lreturn
	.section .note.GNU-stack, "", @progbits
