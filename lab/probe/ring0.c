// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "lab/probe_module/probe.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lab/probe/probe.h"

static int open_device(void)
{
	const int device = open(PROBE_DEVICE, O_RDWR | O_CLOEXEC);

	if (device < 0)
		complain("the lab's kernel module is not loaded (insmod /lib/modules/probe.ko)");
	return device;
}

void in_ring0(struct probe_request *request)
{
	static int device = -1;

	if (device < 0)
		device = open_device();
	request->fault = 0;
	if (ioctl(device, PROBE_IOCTL, request) != 0)
		complain("the lab's kernel module refused");
}

/* The vector's name, as the manuals abbreviate it. */
static const char *fault_name(const struct probe_request *request)
{
	static const char *names[] = { "de", "db", "nmi", "bp", "of", "br", "ud", "nm", "df", "9", "ts", "np", "ss", "gp", "pf" };
	const uint64_t vector = request->fault - 1;

	if (request->fault == 0)
		return "none";
	return vector < sizeof(names) / sizeof(names[0]) ? names[vector] : "other";
}

static struct probe_request repeat(const struct arguments *arguments, struct probe_request request)
{
	for (unsigned long i = 0; i < arguments->repeat; i++)
		in_ring0(&request);
	return request;
}

int run_rdmsr(const struct arguments *arguments)
{
	const uint64_t msr = number_at(arguments, 0);
	const struct probe_request done = repeat(arguments, (struct probe_request){ PROBE_RDMSR, { msr } });

	printf("msr=%lx value=%lx fault=%s count=%lu\n", msr, done.result, fault_name(&done), arguments->repeat);
	return 0;
}

/*
 * wrmsr MSR VALUE [restore]: what is written can be dangerous to leave there (SFMASK without IF), so `restore` puts the
 * old value back before interrupts are on again: one more RDMSR before and one more WRMSR behind.
 */
int run_wrmsr(const struct arguments *arguments)
{
	const uint64_t msr = number_at(arguments, 0), value = number_at(arguments, 1);
	const bool restore = arguments->count > 2 && strcmp(arguments->words[2], "restore") == 0;
	const struct probe_request done = repeat(arguments, (struct probe_request){ PROBE_WRMSR, { msr, value, restore } });

	printf("msr=%lx wrote=%lx value=%lx fault=%s count=%lu\n", msr, value, done.result, fault_name(&done),
	       arguments->repeat);
	return 0;
}

int run_rdpmc(const struct arguments *arguments)
{
	const uint64_t counter = number_at(arguments, 0);
	const struct probe_request done = repeat(arguments, (struct probe_request){ PROBE_RDPMC, { counter } });

	printf("counter=%lx value=%lx fault=%s count=%lu\n", counter, done.result, fault_name(&done), arguments->repeat);
	return 0;
}

/* xsetbv [XCR [VALUE]]: without a value it writes what is there already. */
int run_xsetbv(const struct arguments *arguments)
{
	const uint64_t xcr = number_or(arguments, 0, 0), value = number_or(arguments, 1, 0);
	const struct probe_request done =
		repeat(arguments, (struct probe_request){ PROBE_XSETBV, { xcr, value, arguments->count < 2 } });

	printf("xcr=%lx value=%lx fault=%s count=%lu\n", xcr, done.result, fault_name(&done), arguments->repeat);
	return 0;
}

static int run_register(const struct arguments *arguments, const char *name, uint64_t read, uint64_t write)
{
	const uint64_t number = number_at(arguments, 0);
	struct probe_request request = { arguments->count > 1 ? write : read, { number, number_or(arguments, 1, 0) } };

	request = repeat(arguments, request);
	printf("%s=%lx value=%lx fault=%s count=%lu\n", name, number, request.result, fault_name(&request), arguments->repeat);
	return 0;
}

int run_dr(const struct arguments *arguments) { return run_register(arguments, "dr", PROBE_RDDR, PROBE_WRDR); }
int run_cr(const struct arguments *arguments) { return run_register(arguments, "cr", PROBE_RDCR, PROBE_WRCR); }

int run_cli(const struct arguments *arguments)
{
	const unsigned long seconds = decimal_at(arguments, 0);
	struct probe_request request = { PROBE_CLI, { seconds } };

	in_ring0(&request);
	printf("cli=%lu\n", seconds);
	return 0;
}

int run_ipi(const struct arguments *arguments)
{
	const uint64_t vector = number_at(arguments, 0);

	repeat(arguments, (struct probe_request){ PROBE_IPI, { vector } });
	printf("ipi=%lx count=%lu\n", vector, arguments->repeat);
	return 0;
}

int run_state(const struct arguments *arguments)
{
	const int device = open_device();
	char text[16384];
	ssize_t size;

	(void)arguments;
	while ((size = read(device, text, sizeof(text))) > 0)
		fwrite(text, 1, size, stdout);
	return 0;
}

static int run_trouble(const char *name, uint64_t operation)
{
	struct probe_request request = { operation };

	in_ring0(&request);
	printf("%s=1\n", name);
	return 0;
}

int run_warn(const struct arguments *arguments) { (void)arguments; return run_trouble("warn", PROBE_WARN); }
int run_oops(const struct arguments *arguments) { (void)arguments; return run_trouble("oops", PROBE_OOPS); }
int run_bug(const struct arguments *arguments) { (void)arguments; return run_trouble("bug", PROBE_BUG); }
int run_panic(const struct arguments *arguments) { (void)arguments; return run_trouble("panic", PROBE_PANIC); }

/*
 * What a CPUID of that leaf moves the clocks by: a break there is a halt of known place. The smallest of N, because a
 * busy host adds to each by chance, and a clock that runs in halts to all.
 */
int run_clocks(const struct arguments *arguments)
{
	uint64_t tsc_us = UINT64_MAX, jiffies = UINT64_MAX;
	unsigned long i;

	for (i = 0; i < arguments->repeat; i++) {
		struct probe_request request = { PROBE_CLOCKS, { number_at(arguments, 0) } };

		in_ring0(&request);
		if (request.result < tsc_us)
			tsc_us = request.result;
		if (request.argument[1] < jiffies)
			jiffies = request.argument[1];
	}
	printf("tsc_us=%lu jiffies=%lu\n", tsc_us, jiffies);
	return 0;
}

/* Takes all memory but MIB as single pages and gives back every second one; `fragment 0` gives back the rest. */
int run_fragment(const struct arguments *arguments)
{
	struct probe_request request = { PROBE_FRAGMENT, { decimal_at(arguments, 0) } };

	in_ring0(&request);
	printf("pages=%lu\n", request.result);
	return 0;
}

static uint64_t symbol_of_module(const char *name, const char *module)
{
	char line[512], found[128], owner[128];
	FILE *file = fopen("/proc/kallsyms", "r");
	unsigned long address, result = 0;

	while (file != NULL && result == 0 && fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "%lx %*c %127s [%127[^]]", &address, found, owner) == 3 && strcmp(found, name) == 0 &&
		    strcmp(owner, module) == 0)
			result = address;
	if (file != NULL)
		fclose(file);
	return result;
}

/* Pages that hyperdbg's own variables point to, as Linux's linear map shows them. */
int run_hidden(const struct arguments *arguments)
{
	struct probe_request request = { PROBE_HIDDEN, { symbol_of_module("hyperdbg", "hyperdbg") } };

	(void)arguments;
	if (request.argument[0] == 0)
		complain("hyperdbg.ko is not loaded");
	in_ring0(&request);
	printf("pages=%lu zero=%lu kept=%lu\n", request.result, request.argument[1], request.argument[2]);
	return 0;
}
