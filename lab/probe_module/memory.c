// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/uaccess.h>
#include <linux/vmstat.h>

#include "internal.h"

#define PAGES_PER_MIB (1024 * 1024 / PAGE_SIZE)
#define VARIABLE_WORDS 64

static LIST_HEAD(held);

/* Two pages merge to a larger block only as an even and the next odd one, so odd ones alone stay single. */
static unsigned long free_pages_of(bool odd_only)
{
	struct page *page, *next;
	unsigned long left = 0;

	list_for_each_entry_safe(page, next, &held, lru) {
		if (odd_only && !(page_to_pfn(page) & 1)) {
			left++;
			continue;
		}
		list_del(&page->lru);
		__free_page(page);
	}
	return left;
}

void probe_fragment(struct probe_request *request)
{
	const unsigned long keep = request->argument[0] * PAGES_PER_MIB;

	while (keep && global_zone_page_state(NR_FREE_PAGES) > keep) {
		struct page *page = alloc_page(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);

		if (!page)
			break;
		list_add(&page->lru, &held);
	}
	request->result = free_pages_of(keep != 0);
}

void probe_fragment_end(void)
{
	free_pages_of(false);
}

static bool all_zero(const u64 *page)
{
	unsigned int i;

	for (i = 0; i < PAGE_SIZE / sizeof(*page); i++)
		if (READ_ONCE(page[i]))
			return false;
	return true;
}

static bool keeps(u64 *page)
{
	unsigned int i;
	bool kept = true;

	for (i = 0; i < PAGE_SIZE / sizeof(*page); i++)
		WRITE_ONCE(page[i], 0x5aa5000000000000ull + i);
	for (i = 0; i < PAGE_SIZE / sizeof(*page); i++)
		kept &= READ_ONCE(page[i]) == 0x5aa5000000000000ull + i;
	for (i = 0; i < PAGE_SIZE / sizeof(*page); i++)
		WRITE_ONCE(page[i], 0);
	return kept;
}

/* Only pages that read as zero are written to, and become zero again: whoever owns them keeps what he had. */
void probe_hidden(struct probe_request *request)
{
	const u64 *variables = (const u64 *)request->argument[0];
	unsigned int i;

	request->argument[1] = request->argument[2] = 0;
	for (i = 0; i < VARIABLE_WORDS; i++) {
		u64 word;

		if (get_kernel_nofault(word, &variables[i]) || !virt_addr_valid((void *)word))
			continue;
		request->result++;
		if (!all_zero((const u64 *)(word & PAGE_MASK)))
			continue;
		request->argument[1]++;
		request->argument[2] += keeps((u64 *)(word & PAGE_MASK));
	}
}
