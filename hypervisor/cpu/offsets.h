/* SPDX-License-Identifier: MIT */
#pragma once
/* What the .S files need to know of C++ structures; asserted where those are defined. */
#define HYPERDBG_CPU_STRIDE_SHIFT 18
#ifndef HYPERDBG_CPU_AREA_VALUE /* goes with HYPERDBG_IMAGE_BASE */
#define HYPERDBG_CPU_AREA_VALUE 0x600010000000
#endif
#define HYPERDBG_STACK_TOP 0x9000        /* offset in a CPU's area: pages 1..8 are its stack, 0 and 9 are guards */
#define HYPERDBG_NMI_TAKEN 0x80          /* Vcpu::nmi_taken */
#define HYPERDBG_CODE_STACK 0x88         /* Vcpu::code_stack */
#define HYPERDBG_VCPU_OFFSET 0x10000     /* of the Vcpu in a CPU's area */
#define HYPERDBG_CPU_AREA_MAP 0x4ff33dfe /* cpu_area::map */
