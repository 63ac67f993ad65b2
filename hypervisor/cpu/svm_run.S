/* SPDX-License-Identifier: MIT */
#include "hypervisor/cpu/offsets.h"

/*
 * [[noreturn]] void svm_run(Vcpu *vcpu, u64 vmcb): the life of a CPU. The block of general registers is the first member
 * of Vcpu, in the order of struct hyperdbg_registers; RAX and RSP travel through the VMCB.
 * RAX is free after #VMEXIT: the processor gives it back as it was at VMRUN (APM vol. 2, 15.6).
 */
	.text
	.globl svm_run
svm_run:
	and $~((1 << HYPERDBG_CPU_STRIDE_SHIFT) - 1), %rsp	/* the CPU's area, then the top of its stack */
	add $HYPERDBG_STACK_TOP, %rsp
	push %rsi
	push %rdi
	jmp .Lresume

	.balign 16
.Lexit:
	mov (%rsp), %rax
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
	mov %rax, %rdi
	cld
	call svm_handle_exit
.Lresume:
	mov (%rsp), %rax
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
	mov 8(%rsp), %rax
	vmrun %rax
	jmp .Lexit

/* void svm_take_nmi(void): opens GIF for one instruction so that a pending NMI is taken through the image's IDT. */
	.globl svm_take_nmi
svm_take_nmi:
	stgi
	nop
	clgi
	ret

/*
 * void svm_take_interrupt(void): opens GIF and IF until one pending interrupt has been taken through the image's IDT,
 * whose handler closes IF again. An NMI may be taken as well.
 */
	.globl svm_take_interrupt
svm_take_interrupt:
	stgi
	sti
	nop
	nop
	cli
	clgi
	ret

/*
 * void svm_try_xsetbv(u64 vmcb): runs svm_xsetbv_guest, with XCR0 as it is in EDX and, by the VMCB, in EAX. GIF is closed.
 */
	.globl svm_try_xsetbv
svm_try_xsetbv:
	xor %ecx, %ecx
	xgetbv
	mov %rdi, %rax
	vmrun %rax
	ret
	.globl svm_xsetbv_guest
svm_xsetbv_guest:
	xsetbv
	vmmcall

/* void svm_save(u64 vmcb): FS, GS, TR, LDTR and the system-call MSRs into a VMCB (VMSAVE). */
	.globl svm_save
svm_save:
	mov %rdi, %rax
	vmsave %rax
	ret

/* void svm_load(u64 vmcb): and back (VMLOAD). */
	.globl svm_load
svm_load:
	mov %rdi, %rax
	vmload %rax
	ret

/* void svm_close_gif(void) */
	.globl svm_close_gif
svm_close_gif:
	clgi
	ret
	.section .note.GNU-stack, "", @progbits
