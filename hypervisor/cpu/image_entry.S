/* SPDX-License-Identifier: MIT */
#include "hypervisor/cpu/offsets.h"

	.text
/*
 * From the module's stub, on the image's page tables with Linux's upper half borrowed, interrupts off:
 * rdi CPU, rcx Linux's CR3, r8 Linux's RSP, r9 where the guest resumes, r10 where to go with a refusal in eax.
 */
	.globl image_entry
image_entry:
	endbr64			/* Linux may track indirect branches (CET) */
	mov %rdi, %rax
	shl $HYPERDBG_CPU_STRIDE_SHIFT, %rax
	movabs $HYPERDBG_CPU_AREA_VALUE, %r11
	lea HYPERDBG_STACK_TOP(%rax, %r11), %rsp
	push %r10
	push %rcx
	push %r8
	push %r8
	mov %rcx, %rsi
	mov %r8, %rdx
	mov %r9, %rcx
	call enter_cpu		/* returns only to refuse */
	pop %r8
	pop %r8
	pop %rcx
	pop %r10
	mov %r8, %rsp
	jmp *%r10

/*
 * void image_leave(u64 rsp, u64 rip, u64 cr3, u64 host_save, u64 vendor): the last step; everything but CR3 is Linux's
 * again. Registers as hyperdbg_leave in module/cross.S expects them.
 */
	.globl image_leave
image_leave:
	mov %rdi, %rsp
	mov %rcx, %rdi
	mov %rdx, %rcx
	mov %r8, %rbx
	jmp *%rsi

/* void load_code_segment(u16 selector) */
	.globl load_code_segment
load_code_segment:
	pop %rax
	push %rdi
	push %rax
	lretq
	.section .note.GNU-stack, "", @progbits
