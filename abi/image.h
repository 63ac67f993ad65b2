/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/limits.h"
#include "abi/record.h"
#include "abi/request.h"
#include "abi/types.h"

/*
 * Between the module and the image. The module maps the image at HYPERDBG_IMAGE_BASE in page tables of its own making;
 * nothing of it is in Linux's tables. All regions lie in one 512 GiB slot, the direct map in others.
 */
#define HYPERDBG_DIRECT_MAP 0x400000000000ull /* physical address p is at this + p; read-write, no execute */
#ifndef HYPERDBG_IMAGE_BASE /* host tests lay it elsewhere: the address sanitizer's heap is here */
#define HYPERDBG_IMAGE_BASE 0x600000000000ull
#endif
#define HYPERDBG_CPU_AREA (HYPERDBG_IMAGE_BASE + 0x10000000ull)  /* stacks and state, one stride for each CPU */
#define HYPERDBG_CPU_STRIDE 0x40000ull
#define HYPERDBG_RING_AREA (HYPERDBG_IMAGE_BASE + 0x14000000ull) /* struct hyperdbg_ring and its bytes, one stride for each CPU */
#define HYPERDBG_RING_STRIDE 0x80000ull
#define HYPERDBG_MODULES_AREA (HYPERDBG_IMAGE_BASE + 0x18000000ull) /* struct hyperdbg_modules */
#define HYPERDBG_CODE_AREA (HYPERDBG_IMAGE_BASE + 0x20000000ull) /* executable view of action slots, filled by the image */
#define HYPERDBG_DATA_AREA (HYPERDBG_IMAGE_BASE + 0x80000000ull) /* the same slots, writable view */
#define HYPERDBG_BUFFER_AREA (HYPERDBG_IMAGE_BASE + 0x100000000ull) /* safe buffers, filled by the image */
#define HYPERDBG_BUFFER_AREA_END (HYPERDBG_IMAGE_BASE + 0x200000000ull)

#define HYPERDBG_IMAGE_MAGIC "HDBGIMG1"

enum hyperdbg_segment_flag { HYPERDBG_SEGMENT_WRITE = 1, HYPERDBG_SEGMENT_EXECUTE = 2 };
struct hyperdbg_segment {
	uint64_t offset; /* from HYPERDBG_IMAGE_BASE, page-aligned */
	uint64_t size;   /* bytes, a multiple of the page size */
	uint64_t flags;  /* enum hyperdbg_segment_flag; never both */
};

/* First bytes of image.bin, filled by the linker. */
struct hyperdbg_image_header {
	char magic[8];           /* 0x00 HYPERDBG_IMAGE_MAGIC */
	uint32_t abi;            /* 0x08 HYPERDBG_ABI */
	char version[28];        /* 0x0c HYPERDBG_VERSION */
	uint64_t entry;          /* 0x28 virtual address; see hyperdbg_enter in module/cross.S */
	uint64_t file_size;      /* 0x30 bytes in image.bin */
	uint64_t memory_size;    /* 0x38 bytes to map; what is beyond file_size starts as zeros */
	uint64_t boot;           /* 0x40 offset of struct hyperdbg_boot */
	uint64_t cpu_area_map;   /* 0x48 bit i: page i of a CPU's area is backed by memory; the others are guard pages */
	struct hyperdbg_segment segments[3]; /* 0x50 text, read-only data, data */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_image_header, 0x98);

enum hyperdbg_page_use {
	HYPERDBG_PAGES_HIDE = 1, /* the image's own: only to be hidden */
	HYPERDBG_PAGES_POOL = 2, /* for the image's page pool, and to be hidden */
};
/* One page of physical addresses; a chain of them hands pages over. */
struct hyperdbg_page_list {
	uint64_t next;  /* 0x00 physical address of the next list, 0 = last */
	uint32_t use;   /* 0x08 enum hyperdbg_page_use */
	uint32_t count; /* 0x0c */
	uint64_t pages[510];
};
HYPERDBG_ASSERT_SIZE(hyperdbg_page_list, 4096);

struct hyperdbg_boot_cpu {
	uint64_t cr3;             /* 0x00 root of this CPU's page tables */
	uint64_t control_block;   /* 0x08 physical page: VMCB or VMCS */
	uint64_t host_area;       /* 0x10 physical page: the processor's own, for VM_HSAVE_PA or VMXON */
	uint64_t msr_permissions; /* 0x18 two contiguous physical pages, all zero */
	uint64_t current_task;    /* 0x20 physical address of the kernel's current-task pointer of this CPU */
	uint64_t tss_page;        /* 0x28 physical page for the image's own TSS (see hypervisor/entry/) */
	uint64_t tss_tables[4];   /* 0x30 zeroed physical pages for the tables that map it */
	uint64_t apic_id;         /* 0x50 */
	uint64_t io_permissions;  /* 0x58 three contiguous physical pages, all zero */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_boot_cpu, 0x60);

/* Which system calls leave the module's stub by its trap; written by the image. */
#define HYPERDBG_FILTERED_SYSTEM_CALLS 512
struct hyperdbg_system_call_filter {
	uint32_t numbers[HYPERDBG_FILTERED_SYSTEM_CALLS / 32];
	uint32_t others; /* 1: all larger ones */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_system_call_filter, 68);

/* Filled by the module before the first CPU enters; constant afterwards. */
struct hyperdbg_boot {
	uint64_t secret;          /* 0x00 a hypercall carries it in r10 */
	uint64_t text_start;      /* 0x08 hypercalls are accepted from this range of kernel text only */
	uint64_t text_end;        /* 0x10 */
	uint64_t memory_end;      /* 0x18 bytes covered by the direct map */
	uint64_t pages;           /* 0x20 physical address of the first struct hyperdbg_page_list */
	uint64_t zero_page;       /* 0x28 what the guest sees instead of hidden pages */
	uint64_t page_offset;     /* 0x30 where Linux maps physical memory linearly */
	uint32_t cpus;            /* 0x38 entries of cpu[] that are filled: all possible CPUs */
	uint32_t vendor;          /* 0x3c enum hyperdbg_vendor */
	uint32_t mode;            /* 0x40 enum hyperdbg_mode */
	uint32_t uart;            /* 0x44 */
	uint32_t uart_divisor;    /* 0x48 115200 / baud */
	uint32_t uart_irq;        /* 0x4c */
	uint32_t levels;          /* 0x50 4 or 5 */
	uint32_t isolation;       /* 0x54 1 with kernel page-table isolation: CR3 bit 12 tells the user's tables */
	uint32_t task_tgid;       /* 0x58 offsets in struct task_struct */
	uint32_t task_pid;        /* 0x5c */
	uint32_t task_comm;       /* 0x60 */
	uint32_t task_group_leader; /* 0x64 */
	uint64_t anchor;          /* 0x68 see hyperdbg_hello_answer */
	uint64_t tsc_khz;         /* 0x70 */
	uint64_t boot_time;       /* 0x78 */
	uint64_t boot_tsc;        /* 0x80 */
	uint64_t io_apic;         /* 0x88 physical address, 0 = none found */
	uint8_t build_id[20];     /* 0x90 */
	char release[64];         /* 0xa4 */
	uint32_t reserved;        /* 0xe4 zero */
	uint64_t system_call_stub; /* 0xe8 in the module's text, see module/system_calls.S: where SYSCALL may be led to; 0 = none */
	uint64_t system_call_jump; /* 0xf0 its JMP rel32 to the kernel's own entry */
	uint64_t system_call_trap; /* 0xf8 its VMMCALL or VMCALL */
	uint64_t system_call_filter; /* 0x100 its struct hyperdbg_system_call_filter */
	struct hyperdbg_boot_cpu cpu[HYPERDBG_MAXIMUM_CPUS]; /* 0x108 */
};

/* Kept by the module, read by the image while halted: what is loaded in the kernel. */
#define HYPERDBG_MODULES_CAPACITY 800
struct hyperdbg_modules {
	uint32_t count;
	uint32_t reserved;
	struct hyperdbg_module_info entries[HYPERDBG_MODULES_CAPACITY];
};
#define HYPERDBG_MODULES_PAGES 15
HYPERDBG_ASSERT(sizeof(struct hyperdbg_modules) <= HYPERDBG_MODULES_PAGES * 4096);

/* VMMCALL/VMCALL: rax = number, rcx, rdx, r8, r9 = arguments, r10 = boot.secret; rax = result, negative errno on failure. */
enum hyperdbg_hypercall {
	HYPERDBG_CALL_LEAVE = 0x48440001,   /* returns on bare hardware, see hyperdbg_leave in module/cross.S */
	HYPERDBG_CALL_REQUEST = 0x48440002, /* rcx request, rdx its size, r8 answer, r9 capacity (kernel virtual) -> answer size */
	HYPERDBG_CALL_DONATE = 0x48440003,  /* rcx physical address of a struct hyperdbg_page_list */
	HYPERDBG_CALL_STOPPED = 0x48440004, /* rcx enum hyperdbg_halt_reason, rdx zero-terminated text (kernel virtual) */
	HYPERDBG_CALL_HALT = 0x48440005,    /* Debugger Mode: halt as after Ctrl+C */
};

/* Codes with which an image refuses to enter a CPU. */
enum hyperdbg_enter_error {
	HYPERDBG_ENTER_IN_USE = 1,      /* EFER.SVME or CR4.VMXE is set */
	HYPERDBG_ENTER_DISABLED = 2,
	HYPERDBG_ENTER_NO_NESTED_PAGING = 3,
	HYPERDBG_ENTER_NO_MEMORY = 4,
	HYPERDBG_ENTER_UNSUPPORTED = 5,
};
