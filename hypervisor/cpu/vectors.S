/* SPDX-License-Identifier: MIT */
/*
 * struct VectorState (hypervisor/core/vector_state.hpp): XMM0 to XMM15, then MXCSR. Not FXSAVE, which leaves the XMM
 * registers out where EFER.FFXSR is set (APM vol. 2, 11.4.4), and moves x87 state that no script touches.
 */
	.text
/* void vectors_save(struct VectorState *): the state of this CPU into memory, then MXCSR as it is after a reset. */
	.globl vectors_save
vectors_save:
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movaps %xmm\n, 16 * \n(%rdi)
	.endr
	stmxcsr 256(%rdi)
	ldmxcsr .Lreset_mxcsr(%rip)
	ret

/* void vectors_load(const struct VectorState *) */
	.globl vectors_load
vectors_load:
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movaps 16 * \n(%rdi), %xmm\n
	.endr
	ldmxcsr 256(%rdi)
	ret

	.section .rodata
	.balign 4
.Lreset_mxcsr:
	.long 0x1f80	/* all exceptions masked, round to nearest, denormals kept */
	.section .note.GNU-stack, "", @progbits
