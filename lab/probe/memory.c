// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "lab/probe_module/probe.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lab/probe/probe.h"

typedef void (*access_function)(volatile uint64_t *cell, uint64_t value);

static void store_plain(volatile uint64_t *cell, uint64_t value)
{
	asm volatile("movq %1, %0" : "=m"(*cell) : "r"(value));
}

static void store_locked(volatile uint64_t *cell, uint64_t value)
{
	asm volatile("lock; xchgq %1, %0" : "+m"(*cell), "+r"(value));
}

static void store_string(volatile uint64_t *cell, uint64_t value)
{
	asm volatile("stosq" : "+D"(cell) : "a"(value) : "memory");
}

static void store_sse(volatile uint64_t *cell, uint64_t value)
{
	asm volatile("movq %1, %%xmm0\n\tmovq %%xmm0, %0" : "=m"(*cell) : "r"(value) : "xmm0");
}

/* The stack is moved so that the push lands on the cell; nothing else is pushed meanwhile. */
static void store_push(volatile uint64_t *cell, uint64_t value)
{
	asm volatile("movq %%rsp, %%rbx\n\tmovq %0, %%rsp\n\tpushq %1\n\tmovq %%rbx, %%rsp"
		     :
		     : "r"(cell + 1), "r"(value)
		     : "rbx", "memory");
}

static void store_copy(volatile uint64_t *cell, uint64_t value)
{
	struct probe_request request = { PROBE_COPY, { (uint64_t)cell, value } };

	in_ring0(&request);
}

static void store_kernel(volatile uint64_t *cell, uint64_t value)
{
	struct probe_request request = { PROBE_STORE, { value } };

	(void)cell;
	in_ring0(&request);
}

static void load_plain(volatile uint64_t *cell, uint64_t value)
{
	asm volatile("movq %1, %0" : "=r"(value) : "m"(*cell));
}

static void load_locked(volatile uint64_t *cell, uint64_t value)
{
	value = 0;
	asm volatile("lock; xaddq %1, %0" : "+m"(*cell), "+r"(value));
}

static void load_string(volatile uint64_t *cell, uint64_t value)
{
	asm volatile("lodsq" : "+S"(cell), "=a"(value) : : "memory");
}

static void load_sse(volatile uint64_t *cell, uint64_t value)
{
	(void)value;
	asm volatile("movq %0, %%xmm0" : : "m"(*cell) : "xmm0");
}

static const struct {
	const char *name;
	access_function store, load;
	unsigned offset; /* of the cell in its page */
} kinds[] = {
	{ "plain", store_plain, load_plain, 0x100 },     { "locked", store_locked, load_locked, 0x100 },
	{ "string", store_string, load_string, 0x100 },  { "sse", store_sse, load_sse, 0x100 },
	{ "push", store_push, NULL, 0x100 },             { "crossing", store_plain, load_plain, 0xffc },
	{ "copy", store_copy, NULL, 0x100 },             { "kernel", store_kernel, NULL, 0 },
};

static uint64_t kernel_cell(void)
{
	struct probe_request request = { PROBE_SLOT };

	in_ring0(&request);
	return request.result;
}

static int run_access(const struct arguments *arguments, bool store)
{
	unsigned kind = 0;

	if (arguments->count < 1)
		complain("which kind?");
	while (kind < sizeof(kinds) / sizeof(kinds[0]) && strcmp(kinds[kind].name, arguments->words[0]) != 0)
		kind++;
	const access_function function =
		kind == sizeof(kinds) / sizeof(kinds[0]) ? NULL : store ? kinds[kind].store : kinds[kind].load;

	if (function == NULL)
		complain("no such kind: %s", arguments->words[0]);
	const unsigned long count = decimal_at(arguments, 1);
	const bool kernel = kinds[kind].store == store_kernel;
	char *page = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile uint64_t *cell = (volatile uint64_t *)(page + kinds[kind].offset);

	memset(page, 0, 3 * 4096);
	printf("pid=%d address=%lx\n", getpid(), kernel ? kernel_cell() : (unsigned long)cell);
	wait_for_go();
	for (unsigned long i = 1; i <= count; i++)
		function(cell, i);
	/* The kernel's variable cannot be read from here. */
	printf("value=%lx count=%lu\n", kernel ? count : (unsigned long)*cell, count);
	return 0;
}

int run_write(const struct arguments *arguments) { return run_access(arguments, true); }
int run_read(const struct arguments *arguments) { return run_access(arguments, false); }

__attribute__((noinline, aligned(4096))) static uint64_t called(uint64_t value)
{
	asm volatile("" : "+r"(value));
	return value + 1;
}

int run_exec(const struct arguments *arguments)
{
	const unsigned long count = decimal_at(arguments, 0);
	uint64_t value = 0;

	printf("pid=%d address=%lx\n", getpid(), (unsigned long)called);
	wait_for_go();
	for (unsigned long i = 0; i < count; i++)
		value = called(value);
	printf("value=%lx count=%lu\n", value, count);
	return 0;
}
