// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/io.h>

#include "lab/probe/probe.h"

static uint64_t time_stamp(void)
{
	uint32_t low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

/* ticks: the shortest of them, in the TSC's. The start-up code of this program (musl) executes no CPUID, so the count is exact. */
int run_cpuid(const struct arguments *arguments)
{
	const uint32_t leaf = number_at(arguments, 0), subleaf = number_or(arguments, 1, 0);
	uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
	uint64_t ticks = ~0ull;

	for (unsigned long i = 0; i < arguments->repeat; i++) {
		const uint64_t before = time_stamp();

		eax = leaf;
		ecx = subleaf;
		asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
		const uint64_t passed = time_stamp() - before;

		ticks = passed < ticks ? passed : ticks;
	}
	printf("leaf=%x subleaf=%x eax=%x ebx=%x ecx=%x edx=%x count=%lu ticks=%lu\n", leaf, subleaf, eax, ebx, ecx, edx,
	       arguments->repeat, ticks);
	return 0;
}

static char size_of_access(const struct arguments *arguments, int index)
{
	if (index >= arguments->count)
		return 'b';
	const char *word = arguments->words[index];

	if (word[0] == 0 || word[1] != 0 || strchr("bwd", word[0]) == NULL)
		complain("`%s` is not b, w or d", word);
	return word[0];
}

static void allow_ports(void)
{
	if (iopl(3) != 0)
		complain("no access to I/O ports");
}

static uint32_t input(uint16_t port, char size)
{
	return size == 'b' ? inb(port) : size == 'w' ? inw(port) : inl(port);
}

static void output(uint16_t port, uint32_t value, char size)
{
	if (size == 'b')
		outb(value, port);
	else if (size == 'w')
		outw(value, port);
	else
		outl(value, port);
}

/* One element is a plain instruction, several are one string instruction with a repeat prefix. */
int run_in(const struct arguments *arguments)
{
	static uint32_t buffer[4096];
	const uint16_t port = number_at(arguments, 0);
	const char size = size_of_access(arguments, 1);
	const unsigned long count = arguments->repeat > 4096 ? 4096 : arguments->repeat;

	allow_ports();
	memset(buffer, 0, sizeof(buffer));	/* its pages are there: the instruction runs through without a fault */
	if (count == 1)
		buffer[0] = input(port, size);
	else if (size == 'b')
		insb(port, buffer, count);
	else if (size == 'w')
		insw(port, buffer, count);
	else
		insl(port, buffer, count);
	asm volatile("" : : : "memory");	/* the C library's functions do not say that they write there */
	printf("port=%x size=%c value=%x count=%lu\n", port, size, buffer[0], count);
	return 0;
}

int run_out(const struct arguments *arguments)
{
	static uint32_t buffer[4096];
	const uint16_t port = number_at(arguments, 0);
	const uint32_t value = number_at(arguments, 1);
	const char size = size_of_access(arguments, 2);
	const unsigned long count = arguments->repeat > 4096 ? 4096 : arguments->repeat;

	for (unsigned long i = 0; i < count; i++)
		memcpy((char *)buffer + i * (size == 'b' ? 1 : size == 'w' ? 2 : 4), &value, size == 'b' ? 1 : size == 'w' ? 2 : 4);
	allow_ports();
	if (count == 1)
		output(port, value, size);
	else if (size == 'b')
		outsb(port, buffer, count);
	else if (size == 'w')
		outsw(port, buffer, count);
	else
		outsl(port, buffer, count);
	printf("port=%x size=%c value=%x count=%lu\n", port, size, value, count);
	return 0;
}

int run_rdtsc(const struct arguments *arguments)
{
	uint64_t low = 0, high = 0;

	for (unsigned long i = 0; i < arguments->repeat; i++)
		asm volatile("rdtsc" : "=a"(low), "=d"(high));
	printf("tsc=%lx count=%lu\n", high << 32 | low, arguments->repeat);
	return 0;
}

int run_rdtscp(const struct arguments *arguments)
{
	uint64_t low = 0, high = 0, aux = 0;

	for (unsigned long i = 0; i < arguments->repeat; i++)
		asm volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(aux));
	printf("tsc=%lx aux=%lx count=%lu\n", high << 32 | low, aux, arguments->repeat);
	return 0;
}

/* RCX and R11, which SYSCALL destroys, are c and b before it. */
int run_syscall(const struct arguments *arguments)
{
	const uint64_t number = number_at(arguments, 0);
	const uint64_t rdi = number_or(arguments, 1, 0), rsi = number_or(arguments, 2, 0), rdx = number_or(arguments, 3, 0);
	const uint64_t fourth = number_or(arguments, 4, 0), fifth = number_or(arguments, 5, 0);
	const uint64_t sixth = number_or(arguments, 6, 0);
	/* No function may be called from here on: it would use these registers. */
	register uint64_t r10 asm("r10") = fourth;
	register uint64_t r8 asm("r8") = fifth;
	register uint64_t r9 asm("r9") = sixth;
	uint64_t result = 0;

	for (unsigned long i = 0; i < arguments->repeat; i++)
		asm volatile("mov $0xc, %%ecx\n\tmov $0xb, %%r11d\n\tsyscall"
			     : "=a"(result)
			     : "a"(number), "D"(rdi), "S"(rsi), "d"(rdx), "r"(r10), "r"(r8), "r"(r9)
			     : "rcx", "r11", "memory");
	printf("number=%lx result=%lx count=%lu\n", number, result, arguments->repeat);
	return 0;
}

int run_syscall32(const struct arguments *arguments)
{
	const uint64_t number = number_at(arguments, 0);
	uint64_t result = 0;
	const uint64_t rbx = number_or(arguments, 1, 0), rcx = number_or(arguments, 2, 0), rdx = number_or(arguments, 3, 0);

	for (unsigned long i = 0; i < arguments->repeat; i++)
		asm volatile("int $0x80" : "=a"(result) : "a"(number), "b"(rbx), "c"(rcx), "d"(rdx) : "memory");
	printf("number=%lx result=%lx count=%lu\n", number, result, arguments->repeat);
	return 0;
}
