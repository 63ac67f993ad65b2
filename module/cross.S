/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/nospec-branch.h>
#define HYPERDBG_CALL_LEAVE_NUMBER 0x48440001 /* HYPERDBG_CALL_LEAVE of abi/image.h */

	.text
/*
 * int hyperdbg_enter(u64 cpu, u64 cr3, u64 entry): from Linux's page tables to the image's and back. Interrupts off.
 * This text is in the upper half, which both tables map meanwhile.
 */
SYM_FUNC_START(hyperdbg_enter)
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rdx, %rax
	mov %cr3, %rcx
	mov %rsp, %r8
	lea .Lguest(%rip), %r9
	lea .Lrefused(%rip), %r10
	mov %rsi, %cr3
	ANNOTATE_RETPOLINE_SAFE
	jmp *%rax
.Lrefused:
	ENDBR
	mov %rcx, %cr3		/* the reason is in eax */
	jmp .Lback
.Lguest:
	xor %eax, %eax		/* the CPU is a guest from here on */
.Lback:
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	RET
	int3
SYM_FUNC_END(hyperdbg_enter)
/* Here and below: the stub changes CR3 and the stack beneath the compiler's feet, and objtool cannot follow it. */
STACK_FRAME_NON_STANDARD hyperdbg_enter

/* void hyperdbg_leave(u64 secret, u64 vendor): this CPU becomes bare hardware again. Interrupts off. */
SYM_FUNC_START(hyperdbg_leave)
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rdi, %r10
	lea .Lbare(%rip), %rcx
	mov $HYPERDBG_CALL_LEAVE_NUMBER, %eax
	cmp $1, %rsi
	jne 1f
	vmmcall
	jmp .Lstayed
1:	vmcall
	jmp .Lstayed
.Lbare:
	ENDBR
	/*
	 * On the image's tables, Linux's upper half borrowed again: rcx = Linux's CR3, rbx = vendor, on AMD rdi = host-save
	 * address as it was.
	 */
	mov %rcx, %cr3
	cmp $1, %rbx
	jne .Lstayed
	stgi
	mov $0xc0000080, %ecx	/* EFER.SVME off */
	rdmsr
	and $~0x1000, %eax
	wrmsr
	mov $0xc0010117, %ecx	/* VM_HSAVE_PA */
	mov %rdi, %rax
	mov %rdi, %rdx
	shr $32, %rdx
	wrmsr
.Lstayed:
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	RET
	int3
SYM_FUNC_END(hyperdbg_leave)
STACK_FRAME_NON_STANDARD hyperdbg_leave

	.macro call_with instruction
	mov %rdi, %rax
	mov %rcx, %r11
	mov %rsi, %rcx		/* a */
				/* b is in rdx */
	mov %r9, %r10		/* secret */
	mov %r8, %r9		/* d */
	mov %r11, %r8		/* c */
	\instruction
	RET
	int3
	.endm

/* u64 hyperdbg_call_amd(number, a, b, c, d, secret) */
SYM_FUNC_START(hyperdbg_call_amd)
	call_with vmmcall
SYM_FUNC_END(hyperdbg_call_amd)
SYM_FUNC_START(hyperdbg_call_intel)
	call_with vmcall
SYM_FUNC_END(hyperdbg_call_intel)
	.section .note.GNU-stack, "", @progbits
