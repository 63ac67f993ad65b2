// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <linux/mm.h>
#include <asm/pgtable.h>
#include <asm/processor.h>

#include "module/hyperdbg.h"

#define TABLE_FLAGS (_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED | _PAGE_DIRTY)
#define ENTRIES 512
#define UPPER_HALF 256

static unsigned int index_at(u64 virtual, int level)
{
	return virtual >> (12 + 9 * (level - 1)) & (ENTRIES - 1);
}

static u64 *next_table(struct tables *tables, u64 *entry)
{
	if (!*entry) {
		void *page = memory_page(tables->chain);

		if (!page)
			return NULL;
		*entry = __pa(page) | TABLE_FLAGS;
	}
	return __va(*entry & PHYSICAL_PAGE_MASK);
}

static u64 *entry_at(struct tables *tables, u64 virtual, int level)
{
	u64 *table = tables->lower;
	int i;

	for (i = 4; i > level; i--) {
		table = next_table(tables, &table[index_at(virtual, i)]);
		if (!table)
			return NULL;
	}
	return &table[index_at(virtual, level)];
}

int tables_init(struct tables *tables, struct page_chain *chain)
{
	tables->chain = chain;
	tables->levels = pgtable_l5_enabled() ? 5 : 4;
	tables->lower = memory_page(chain);
	return tables->lower ? 0 : -ENOMEM;
}

int tables_map(struct tables *tables, u64 virtual, u64 physical, u64 flags)
{
	u64 *entry = entry_at(tables, virtual, 1);

	if (!entry)
		return -ENOMEM;
	*entry = physical | flags | _PAGE_PRESENT | _PAGE_ACCESSED | _PAGE_DIRTY;
	return 0;
}

int tables_map_direct(struct tables *tables, u64 end)
{
	int level = boot_cpu_has(X86_FEATURE_GBPAGES) ? 3 : 2;
	u64 step = level == 3 ? PUD_SIZE : PMD_SIZE, at;

	for (at = 0; at < end; at += step) {
		u64 *entry = entry_at(tables, HYPERDBG_DIRECT_MAP + at, level);

		if (!entry)
			return -ENOMEM;
		*entry = at | TABLE_FLAGS | _PAGE_PSE | _PAGE_NX;
	}
	return 0;
}

/* One root for each CPU, because each borrows Linux's upper half while it crosses. */
u64 *tables_root(struct tables *tables)
{
	u64 *root = memory_page(tables->chain);

	if (!root)
		return NULL;
	if (tables->levels == 5)
		root[0] = __pa(tables->lower) | TABLE_FLAGS;
	else
		memcpy(root, tables->lower, UPPER_HALF * sizeof(*root));
	return root;
}

void tables_borrow_upper_half(u64 *root)
{
	u64 *linux_root = __va(read_cr3_pa());

	memcpy(root + UPPER_HALF, linux_root + UPPER_HALF, (ENTRIES - UPPER_HALF) * sizeof(*root));
}
