/* SPDX-License-Identifier: MIT */
#include "tests/payload/selectors.h"

	.text
/* void switch_stack(u64 *save, u64 to): goes on where `to` was saved; returns when somebody switches to *save. */
	.globl switch_stack
switch_stack:
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, (%rdi)
	mov %rsi, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	ret

/* Where a guest function returns to: the exit that tells root mode, its result still in RAX. */
	.globl guest_end_amd
guest_end_amd:
	vmmcall
	ud2
	.globl guest_end_intel
guest_end_intel:
	vmcall
	ud2

/* void guest_enter_user(u64 code, u64 stack): continues at `code` at CPL 3. */
	.globl guest_enter_user
guest_enter_user:
	push $USER_DATA
	push %rsi
	push $2
	push $USER_CODE
	push %rdi
	iretq

/* u64 guest_cpuid_32(void), guest_cpuid_16(void): EBX of leaf 0, asked for in such a code segment. */
	.macro cpuid_in_other_code name, selector, code
	.globl \name
\name:
	push %rbx
	lea 1f(%rip), %rax
	push $\selector
	push %rax
	lretq
	\code
1:	xor %eax, %eax
	.byte 0x66
	cpuid
	.ifc \code,.code16
	data32 ljmp $KERNEL_CODE, $2f
	.else
	ljmp $KERNEL_CODE, $2f
	.endif
	.code64
2:	mov %ebx, %eax
	pop %rbx
	ret
	.endm
	cpuid_in_other_code guest_cpuid_32, CODE_32, .code32
	cpuid_in_other_code guest_cpuid_16, CODE_16, .code16

/* Each faults, or traps, at its first instruction. */
	.globl guest_ud2, guest_int3, guest_load, guest_load_ds
guest_ud2:
	ud2
guest_int3:
	int3
	ret
guest_load:			/* u64 (u64 address) */
	mov (%rdi), %rax
	ret
guest_load_ds:			/* void (u64 selector) */
	mov %edi, %ds
	ret

/* void guest_wrmsr_at_start(u32 msr, u64 value) */
	.globl guest_wrmsr_at_start, guest_wrmsr_instruction
guest_wrmsr_at_start:
	mov %edi, %ecx
	mov %esi, %eax
	mov %rsi, %rdx
	shr $32, %rdx
guest_wrmsr_instruction:
	wrmsr
	ret

/*
 * void guest_patterns(u64 *values): loads all general registers but RSP and RFLAGS from values[0..15] (in the order of
 * enum hyperdbg_register, RFLAGS in the place of RSP), executes CPUID, and stores them there again.
 */
	.globl guest_patterns, guest_patterns_cpuid
guest_patterns:
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	push %rdi
	mov 0x08(%rdi), %rcx
	mov 0x10(%rdi), %rdx
	mov 0x18(%rdi), %rbx
	mov 0x28(%rdi), %rbp
	mov 0x30(%rdi), %rsi
	mov 0x40(%rdi), %r8
	mov 0x48(%rdi), %r9
	mov 0x50(%rdi), %r10
	mov 0x58(%rdi), %r11
	mov 0x60(%rdi), %r12
	mov 0x68(%rdi), %r13
	mov 0x70(%rdi), %r14
	mov 0x78(%rdi), %r15
	mov 0x00(%rdi), %rax
	pushq 0x20(%rdi)
	mov 0x38(%rdi), %rdi
	popfq
guest_patterns_cpuid:
	cpuid
	pushfq
	push %rdi
	mov 0x10(%rsp), %rdi
	mov %rax, 0x00(%rdi)
	mov %rcx, 0x08(%rdi)
	mov %rdx, 0x10(%rdi)
	mov %rbx, 0x18(%rdi)
	mov %rbp, 0x28(%rdi)
	mov %rsi, 0x30(%rdi)
	mov %r8, 0x40(%rdi)
	mov %r9, 0x48(%rdi)
	mov %r10, 0x50(%rdi)
	mov %r11, 0x58(%rdi)
	mov %r12, 0x60(%rdi)
	mov %r13, 0x68(%rdi)
	mov %r14, 0x70(%rdi)
	mov %r15, 0x78(%rdi)
	pop %rax
	mov %rax, 0x38(%rdi)
	pop %rax
	mov %rax, 0x20(%rdi)
	pushq $2
	popfq
	pop %rdi
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	ret
/* void guest_step_...(): one instruction with RFLAGS.TF set, and its end. */
	.macro step name, instruction:vararg
	.globl guest_step_\name, guest_step_\name\()_end
guest_step_\name:
	push %rbx
	pushfq
	orl $0x100, (%rsp)
	popfq
	\instruction
guest_step_\name\()_end:
	nop
	pushfq
	andl $~0x100, (%rsp)
	popfq
	pop %rbx
	ret
	.endm
	step nop, nop
	step cpuid, cpuid
	step store, movb $5, (%rdi)
	.globl guest_step_rdmsr, guest_step_rdmsr_end, guest_step_rdmsr_c0000000
guest_step_rdmsr_c0000000:
	mov $0xc0000000, %ecx
	jmp 1f
guest_step_rdmsr:
	mov $0xc0000082, %ecx
1:	pushfq
	orl $0x100, (%rsp)
	popfq
	rdmsr
guest_step_rdmsr_end:
	nop
	ret

	.globl guest_nop_only, guest_nop_only_end
guest_nop_only:
	nop
guest_nop_only_end:
	nop
	ret

/* An interrupt is sent with IF = 0 first. */
	.globl guest_sti_cpuid, guest_sti_cpuid_end, guest_sti_store, guest_sti_store_end
guest_sti_cpuid:
	push %rbx
	call guest_interrupt_self
	sti
	cpuid
guest_sti_cpuid_end:
	nop
	nop
	cli
	pop %rbx
	ret
guest_sti_store:
	push %rbx
	mov %rdi, %rbx
	call guest_interrupt_self
	sti
	movb $5, (%rbx)
guest_sti_store_end:
	nop
	nop
	cli
	pop %rbx
	ret
	.section .note.GNU-stack, "", @progbits
