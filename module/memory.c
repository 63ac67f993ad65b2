// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>

#include "module/hyperdbg.h"

void memory_init(struct page_chain *chain, uint32_t use)
{
	INIT_LIST_HEAD(&chain->owned);
	chain->first = NULL;
	chain->last = NULL;
	chain->use = use;
}

/*
 * Hidden pages cost the guest its large nested pages around them, so they are taken from few 2 MiB regions; one by one
 * where memory is too fragmented for that.
 */
#define REGION_ORDER 9
static LIST_HEAD(spare);

static void allocate_region(void)
{
	struct page *region = alloc_pages(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN | __GFP_NORETRY, REGION_ORDER);
	unsigned int i;

	if (!region)
		return;
	split_page(region, REGION_ORDER);
	for (i = 0; i < 1u << REGION_ORDER; i++)
		list_add_tail(&region[i].lru, &spare);
}

static struct page *take_single(void)
{
	struct page *page;

	if (list_empty(&spare))
		allocate_region();
	page = list_first_entry_or_null(&spare, struct page, lru);
	if (page)
		list_del(&page->lru);
	else
		page = alloc_page(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);
	return page;
}

static struct page *take(struct page_chain *chain, unsigned int order)
{
	struct page *page = order ? alloc_pages(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN, order) : take_single();

	if (!page)
		return NULL;
	set_page_private(page, order);
	list_add(&page->lru, &chain->owned);
	return page;
}

static int list_page(struct page_chain *chain, u64 physical, uint32_t use)
{
	struct hyperdbg_page_list *list = chain->last;

	if (!list || list->count == ARRAY_SIZE(list->pages) || list->use != use) {
		struct page *page = take(chain, 0);

		if (!page)
			return -ENOMEM;
		list = page_address(page);
		list->use = use;
		if (chain->last)
			chain->last->next = page_to_phys(page);
		else
			chain->first = list;
		chain->last = list;
	}
	list->pages[list->count++] = physical;
	return 0;
}

void *memory_contiguous(struct page_chain *chain, unsigned int order)
{
	struct page *page = take(chain, order);
	unsigned int i;

	if (!page)
		return NULL;
	for (i = 0; i < 1u << order; i++)
		if (list_page(chain, page_to_phys(page) + i * PAGE_SIZE, chain->use))
			return NULL;
	return page_address(page);
}

void *memory_page(struct page_chain *chain)
{
	return memory_contiguous(chain, 0);
}

int memory_donate(struct page_chain *chain, unsigned int count)
{
	while (count--)
		if (!memory_page(chain))
			return -ENOMEM;
	return 0;
}

void memory_free(struct page_chain *chain)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, &chain->owned, lru) {
		unsigned int order = page_private(page);

		list_del(&page->lru);
		set_page_private(page, 0);
		__free_pages(page, order);
	}
	memory_init(chain, chain->use);
}

void memory_free_spare(void)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, &spare, lru) {
		list_del(&page->lru);
		__free_page(page);
	}
}
