/* SPDX-License-Identifier: MIT */
#include "abi/version.h"
#include "hypervisor/cpu/offsets.h"

/* struct hyperdbg_image_header of abi/image.h; addresses come from image.ld. */
	.section .header, "a"
	.ascii "HDBGIMG1"
	.long HYPERDBG_ABI
1:	.ascii HYPERDBG_VERSION
	.skip 28 - (. - 1b), 0
	.quad image_entry
	.quad image_file_size
	.quad image_memory_size
	.quad image_boot_offset
	.quad HYPERDBG_CPU_AREA_MAP
	.quad 0, image_text_size, 2
	.quad image_rodata_offset, image_rodata_size, 0
	.quad image_data_offset, image_data_size, 1
	.section .note.GNU-stack, "", @progbits
