/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#pragma once
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

#include "abi/device.h"
#include "abi/image.h"
#include "abi/wire.h"

/* A page of physical addresses being filled; a chain of them is what the image is given. */
struct page_chain {
	struct list_head owned;  /* pages to free with the chain's owner, by page->lru */
	struct hyperdbg_page_list *first, *last;
	uint32_t use;            /* enum hyperdbg_page_use of pages added now */
};

/* memory.c: every page that the image lives in. Single pages only, so that fragmented memory is no obstacle. */
void memory_init(struct page_chain *chain, uint32_t use);
void *memory_page(struct page_chain *chain);
void *memory_contiguous(struct page_chain *chain, unsigned int order);
int memory_donate(struct page_chain *chain, unsigned int count);
void memory_free(struct page_chain *chain);
void memory_free_spare(void);

/* tables.c: the image's page tables. */
struct tables {
	struct page_chain *chain;
	u64 *lower;   /* PML4 with the regions of abi/image.h in its lower half */
	int levels;
};
int tables_init(struct tables *tables, struct page_chain *chain);
int tables_map(struct tables *tables, u64 virtual, u64 physical, u64 flags);
int tables_map_direct(struct tables *tables, u64 end);
u64 *tables_root(struct tables *tables);
void tables_borrow_upper_half(u64 *root);

/* main.c: the one instance. All of it is guarded by `lock`, which is held over start and stop. */
struct hyperdbg {
	struct mutex lock;
	bool started;
	int cpuhp_state;
	struct page_chain image;    /* the image, its tables, each CPU's area */
	struct page_chain pool;     /* what was donated */
	struct tables tables;
	struct hyperdbg_boot *boot; /* in the image: only to be touched by a CPU that is not beneath it, a guest reads zeros */
	uint64_t secret;            /* of boot, for guests */
	uint32_t cpus;
	u64 entry;
	u64 *roots[HYPERDBG_MAXIMUM_CPUS];
	struct hyperdbg_ring *rings[HYPERDBG_MAXIMUM_CPUS];
	struct hyperdbg_modules *modules;
	uint32_t vendor;            /* enum hyperdbg_vendor, 0 if none; since the module was loaded */
	uint32_t mode;
	uint32_t enter_error;       /* of the CPU that refused */
	uint32_t enter_cpu;
};
extern struct hyperdbg hyperdbg;

int hyperdbg_begin(struct hyperdbg_start *start);
void hyperdbg_end(void);
int hyperdbg_refill(unsigned int pages);

/* cpus.c */
int cpus_enter_all(void);
void cpus_leave_all(void);

/* cross.S */
u64 hyperdbg_call_amd(u64 number, u64 a, u64 b, u64 c, u64 d, u64 secret);
u64 hyperdbg_call_intel(u64 number, u64 a, u64 b, u64 c, u64 d, u64 secret);
int hyperdbg_enter(u64 cpu, u64 cr3, u64 entry);
void hyperdbg_leave(u64 secret, u64 vendor);
u64 hyperdbg_call(u64 number, u64 a, u64 b, u64 c, u64 d);

/* system_calls.S */
extern const char hyperdbg_system_call_amd[], hyperdbg_system_call_jump_amd[], hyperdbg_system_call_trap_amd[];
extern const char hyperdbg_system_call_intel[], hyperdbg_system_call_jump_intel[], hyperdbg_system_call_trap_intel[];
extern struct hyperdbg_system_call_filter hyperdbg_system_call_filter;

/* device.c */
int control_register(void);
void control_unregister(void);
struct device *control_device(void);

/* watch.c: what the kernel does that concerns us: panic, oops, WARN, reboot, suspend. */
int watch_always(void);
void watch_always_end(void);
void watch_debugger_begin(void);
void watch_debugger_end(void);

/* modules.c: the list of loaded modules for the debugger. */
int modules_begin(void);
void modules_end(void);
