/* SPDX-License-Identifier: MIT */
/*
 * From flat protected mode, where QEMU's -kernel (multiboot 0.6.96) and boot_sector.S arrive, to payload_main() in long
 * mode. All page tables are constants: memory is mapped one to one with 1 GiB pages, once more in the highest 512 GiB,
 * as a kernel would have it.
 */
#include "tests/payload/selectors.h"
#define LARGE_PAGE 0x87 /* present, writable, user, page size */
#define TABLE 0x07

	.section .boot, "ax"
	.code32
	.globl payload_start
payload_start:
	jmp 1f
	.balign 8
	.globl first_test
first_test:				/* at offset 8 of the file, where run.sh writes the number of the test to begin with */
	.long 0
	.long 0x1badb002, 0x10000, -0x1badb002 - 0x10000	/* a multiboot header that says where everything goes */
	.long first_test + 4, payload_start, bss_start, bss_end, payload_start
1:	cld
	mov $bss_start, %edi
	mov $bss_end, %ecx
	sub %edi, %ecx
	xor %eax, %eax
	rep stosb
	mov $0x620, %eax		/* CR4: PAE, OSFXSR, OSXMMEXCPT */
	mov %eax, %cr4
	mov $payload_root, %eax
	mov %eax, %cr3
	mov $0xc0000080, %ecx		/* EFER: SCE, LME, NXE. Nested paging knows NX only if the host does */
	rdmsr
	or $0x901, %eax
	wrmsr
	mov $0x80010033, %eax		/* CR0: PG, WP, NE, ET, MP, PE */
	mov %eax, %cr0
	lgdt payload_gdt_pointer
	ljmp $KERNEL_CODE, $1f
	.code64
1:	mov $KERNEL_DATA, %eax
	mov %eax, %ss
	mov %eax, %ds
	mov %eax, %es
	xor %eax, %eax
	mov %eax, %fs
	mov %eax, %gs
	mov $boot_stack_top, %rsp
	call payload_main
1:	cli
	hlt
	jmp 1b

	.data
	.balign 8
	.globl payload_gdt
payload_gdt:
	.quad 0, 0
	.quad 0x00af9b000000ffff	/* KERNEL_CODE */
	.quad 0x00cf93000000ffff	/* KERNEL_DATA */
	.quad 0x00cff3000000ffff	/* USER_DATA */
	.quad 0x00affb000000ffff	/* USER_CODE */
	.quad 0, 0			/* TASK_STATE, filled by guest.cpp */
	.quad 0x00cf9b000000ffff	/* CODE_32 */
	.quad 0x008f9b000000ffff	/* CODE_16 */
	.globl payload_gdt_pointer
payload_gdt_pointer:
	.word . - payload_gdt - 1
	.quad payload_gdt

	.section .tables, "aw"
	.balign 4096
	.globl payload_root
payload_root:				/* the guest's, and bare metal's */
	.quad guest_low_memory + TABLE
	.fill 510, 8, 0
	.quad guest_low_memory + TABLE
	.globl root_mode_root, guest_low_memory
root_mode_root:				/* as the module builds it: direct map and the image's areas */
	.quad guest_low_memory + TABLE
	.fill 127, 8, 0
	.quad guest_low_memory + TABLE	/* HYPERDBG_DIRECT_MAP */
	.fill 63, 8, 0
	.quad image_gigabyte + TABLE	/* HYPERDBG_IMAGE_BASE */
	.fill 319, 8, 0
guest_low_memory:				/* 4 GiB, and one more that nested paging has to map on demand */
	.set i, 0
	.rept 5
	.quad (i << 30) + LARGE_PAGE
	.set i, i + 1
	.endr
	.fill 507, 8, 0
image_gigabyte:
	.quad image_areas + TABLE
	.fill 511, 8, 0
image_areas:				/* 2 MiB each, backed by memory from AREAS_MEMORY on */
	.fill 128, 8, 0
	.quad AREAS_MEMORY + LARGE_PAGE	/* HYPERDBG_CPU_AREA */
	.fill 31, 8, 0
	.quad AREAS_MEMORY + 0x200000 + LARGE_PAGE	/* HYPERDBG_RING_AREA */
	.fill 31, 8, 0
	.quad AREAS_MEMORY + 0x400000 + LARGE_PAGE	/* HYPERDBG_MODULES_AREA */
	.fill 319, 8, 0

	.bss
	.balign 16
	.skip 0x4000
boot_stack_top:
	.section .note.GNU-stack, "", @progbits
