/* SPDX-License-Identifier: MIT */
#include "hypervisor/cpu/offsets.h"

/*
 * [[noreturn]] void vmx_run(Vcpu *vcpu): the life of a CPU under VT-x. The block of general registers is the first member
 * of Vcpu, in the order of struct hyperdbg_registers; RSP travels through the VMCS. HOST_RSP is the stack's top - 16,
 * where the Vcpu's address stands, and above it whether VMLAUNCH has succeeded.
 */
	.text
	.globl vmx_run
vmx_run:
	and $~((1 << HYPERDBG_CPU_STRIDE_SHIFT) - 1), %rsp	/* the CPU's area, then the top of its stack */
	add $HYPERDBG_STACK_TOP, %rsp
	push $0
	push %rdi
	jmp .Lresume

	.balign 16
	.globl vmx_exit
vmx_exit:
	push %rax
	mov 8(%rsp), %rax
	mov %rcx, 0x08(%rax)
	mov %rdx, 0x10(%rax)
	mov %rbx, 0x18(%rax)
	mov %rbp, 0x28(%rax)
	mov %rsi, 0x30(%rax)
	mov %rdi, 0x38(%rax)
	mov %r8, 0x40(%rax)
	mov %r9, 0x48(%rax)
	mov %r10, 0x50(%rax)
	mov %r11, 0x58(%rax)
	mov %r12, 0x60(%rax)
	mov %r13, 0x68(%rax)
	mov %r14, 0x70(%rax)
	mov %r15, 0x78(%rax)
	pop (%rax)
	movb $1, 8(%rsp)
	mov %rax, %rdi
	call vmx_handle_exit

	/*
	 * An NMI that comes from here to the entry sets nmi_taken and goes back to .Lresume (struct Restart in
	 * hypervisor/core/exceptions.cpp): none is overlooked between the question and VMRESUME.
	 */
.Lresume:
	mov (%rsp), %rax
	cmpb $0, HYPERDBG_NMI_TAKEN(%rax)
	jne .Lnmi
	cmpb $0, 8(%rsp)	/* the moves leave the flags alone */
	mov 0x08(%rax), %rcx
	mov 0x10(%rax), %rdx
	mov 0x18(%rax), %rbx
	mov 0x28(%rax), %rbp
	mov 0x30(%rax), %rsi
	mov 0x38(%rax), %rdi
	mov 0x40(%rax), %r8
	mov 0x48(%rax), %r9
	mov 0x50(%rax), %r10
	mov 0x58(%rax), %r11
	mov 0x60(%rax), %r12
	mov 0x68(%rax), %r13
	mov 0x70(%rax), %r14
	mov 0x78(%rax), %r15
	mov (%rax), %rax
	je 1f
	vmresume
	jmp .Lfailed
1:	vmlaunch
.Lfailed:
	.pushsection .restarts, "a"
	.quad .Lresume, .Lfailed
	.popsection
	mov (%rsp), %rdi
	call vmx_entry_failed

.Lnmi:
	mov %rax, %rdi
	call vmx_handle_nmi
	jmp .Lresume

/*
 * void vmx_unblock_nmi(void): an exit by an NMI leaves NMIs blocked until the next IRET (Intel SDM vol. 3, 28.3.2
 * and 7.7.1), and root mode has none of its own.
 */
	.globl vmx_unblock_nmi
vmx_unblock_nmi:
	mov %rsp, %rax
	mov %ss, %ecx
	push %rcx
	push %rax
	pushfq
	mov %cs, %ecx
	push %rcx
	lea 1f(%rip), %rcx
	push %rcx
	iretq
1:	ret
	.section .note.GNU-stack, "", @progbits
