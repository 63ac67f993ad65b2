/* SPDX-License-Identifier: MIT */
	.text
	.macro vector number, has_error
	.balign 16
	.if \has_error == 0
	push $0
	.endif
	push $\number
	jmp .Lcommon
	.endm

/*
 * 256 entries of 16 bytes: the image's own exceptions, and the interrupts that it takes for the guest (struct
 * ExceptionFrame in hypervisor/core/exceptions.cpp).
 */
	.balign 16
	.globl exception_entries
exception_entries:
	.irp number, 0,1,2,3,4,5,6,7
	vector \number, 0
	.endr
	vector 8, 1
	vector 9, 0
	.irp number, 10,11,12,13,14
	vector \number, 1
	.endr
	vector 15, 0
	vector 16, 0
	vector 17, 1
	.irp number, 18,19,20
	vector \number, 0
	.endr
	vector 21, 1
	.irp number, 22,23,24,25,26,27,28
	vector \number, 0
	.endr
	vector 29, 1
	vector 30, 1
	vector 31, 0
	.set number, 32
	.rept 224
	.balign 16
	push $0
	push $number
	jmp .Lcommon
	.set number, number + 1
	.endr

.Lcommon:
	push %rax
	push %rcx
	push %rdx
	push %rbx
	push %rbp
	push %rsi
	push %rdi
	push %r8
	push %r9
	push %r10
	push %r11
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, %rdi
	mov %rsp, %rbp
	and $-16, %rsp
	cld
	call handle_exception
	mov %rbp, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rdi
	pop %rsi
	pop %rbp
	pop %rbx
	pop %rdx
	pop %rcx
	pop %rax
	add $16, %rsp
	iretq
	.section .note.GNU-stack, "", @progbits
