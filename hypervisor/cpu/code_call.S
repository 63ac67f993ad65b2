/* SPDX-License-Identifier: MIT */
#include "hypervisor/cpu/offsets.h"

/*
 * u64 code_call(const CodeCall *call, u64 *stack): calls custom code on a stack of its own and returns its RAX. *stack
 * receives our stack pointer and must be HYPERDBG_CODE_STACK of this CPU's Vcpu: the code may leave nothing as it was but
 * the area its stack lies in. code_unwind is where a fault of the code goes on, with that stack pointer.
 * struct CodeCall: 0x00 entry, 0x08 rcx, 0x10 rdx, 0x18 r8, 0x20 top of the stack, 0x28 flags to begin with or 0.
 */
	.text
	.globl code_call
code_call:
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	pushfq
	mov %rsp, (%rsi)
	mov 0x20(%rdi), %rsp
	sub $32, %rsp			/* where a Windows function may keep its register arguments */
	lea code_returned(%rip), %rax
	push %rax
	mov 0x08(%rdi), %rcx
	mov 0x10(%rdi), %rdx
	mov 0x18(%rdi), %r8
	xor %ebp, %ebp
	mov 0x28(%rdi), %rax
	test %rax, %rax
	jz 1f
	/* TF must be set by an IRET, and the first trap comes behind what follows it: before the code's first instruction. */
	mov %rsp, %r9
	mov %ss, %r10d
	push %r10
	push %r9
	push %rax
	mov %cs, %r10d
	push %r10
	mov (%rdi), %rax
	lea 2f(%rip), %r9
	push %r9
	iretq
2:	jmp *%rax
1:	jmp *(%rdi)

	.globl code_returned
code_returned:
	and $~((1 << HYPERDBG_CPU_STRIDE_SHIFT) - 1), %rsp
	mov (HYPERDBG_VCPU_OFFSET + HYPERDBG_CODE_STACK)(%rsp), %rsp
	.globl code_unwind
code_unwind:
	popfq
	cld
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	ret
	.section .note.GNU-stack, "", @progbits
