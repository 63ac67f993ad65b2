// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/probe/probe.h"

static int run_nothing(const struct arguments *arguments)
{
	(void)arguments;
	return 0;
}

/* One line of standard input, and not a byte more of it. */
static int run_line(const struct arguments *arguments)
{
	int count = 0;
	char byte;

	(void)arguments;
	while (read(STDIN_FILENO, &byte, 1) == 1) {
		putchar(byte);
		count++;
		if (byte == '\n')
			break;
	}
	return count == 0;
}

static const struct verb verbs[] = {
	{ "cpuid", run_cpuid },       { "rdmsr", run_rdmsr },     { "wrmsr", run_wrmsr },
	{ "in", run_in },             { "out", run_out },         { "rdtsc", run_rdtsc },
	{ "rdtscp", run_rdtscp },     { "rdpmc", run_rdpmc },     { "syscall", run_syscall },
	{ "syscall32", run_syscall32 }, { "int3", run_int3 },     { "ud2", run_ud2 },
	{ "fault", run_fault },       { "divide", run_divide },   { "gp", run_gp },         { "int81", run_int81 },
	{ "vmcall", run_vmcall },     { "xsetbv", run_xsetbv },   { "dr", run_dr },
	{ "cr", run_cr },             { "cli", run_cli },         { "state", run_state },
	{ "spin", run_spin },         { "spawn", run_spawn },     { "interrupts", run_interrupts },
	{ "counted", run_counted },   { "caught", run_caught },   { "ipi", run_ipi },
	{ "fork", run_fork },         { "exec-other", run_exec_other }, { "trace", run_trace },
	{ "checksum", run_checksum }, { "write", run_write },     { "read", run_read },
	{ "exec", run_exec },         { "nothing", run_nothing },
	{ "warn", run_warn },         { "oops", run_oops },       { "bug", run_bug },
	{ "panic", run_panic },       { "clocks", run_clocks },   { "fragment", run_fragment },
	{ "hidden", run_hidden },     { "kexec", run_kexec },
	{ "line", run_line },         { "vectors", run_vectors },
};

void complain(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	fputs("probe: ", stderr);
	vfprintf(stderr, format, list);
	fputc('\n', stderr);
	va_end(list);
	exit(2);
}

static uint64_t parse(const char *word, int base)
{
	char *end;
	const uint64_t value = strtoull(word, &end, base);

	if (*word == 0 || *end != 0)
		complain("`%s` is not a number", word);
	return value;
}

uint64_t number_at(const struct arguments *arguments, int index)
{
	if (index >= arguments->count)
		complain("argument %d is missing", index + 1);
	return parse(arguments->words[index], 16);
}

uint64_t number_or(const struct arguments *arguments, int index, uint64_t otherwise)
{
	return index < arguments->count ? number_at(arguments, index) : otherwise;
}

unsigned long decimal_at(const struct arguments *arguments, int index)
{
	if (index >= arguments->count)
		complain("argument %d is missing", index + 1);
	return parse(arguments->words[index], 10);
}

void run_on_cpu(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0)
		complain("there is no CPU %d", cpu);
}

static bool go_file_exists(void)
{
	return access("go", F_OK) == 0 || access("/go", F_OK) == 0 || access("/tmp/go", F_OK) == 0;
}

void wait_for_go(void)
{
	struct pollfd input = { 0, POLLIN, 0 };
	char byte;

	fflush(stdout);
	while (!go_file_exists()) {
		if (poll(&input, 1, 20) <= 0)
			continue;
		if (read(0, &byte, 1) == 1) {
			if (byte == '\n')
				return;
		} else {
			input.fd = -1; /* a background job's stdin: only the file can say it */
		}
	}
}

/* Takes the options out of words; what stays are the verb's own arguments. */
static struct arguments read_arguments(int count, char **words)
{
	struct arguments result = { 0, words, 1, -1 };

	for (int i = 0; i < count; i++) {
		const bool more = i + 1 < count;

		if (more && strcmp(words[i], "cpu") == 0)
			result.cpu = parse(words[++i], 10);
		else if (more && strcmp(words[i], "rep") == 0)
			result.repeat = parse(words[++i], 10);
		else if (words[i][0] == 'x' && words[i][1] != 0)
			result.repeat = parse(words[i] + 1, 10);
		else
			words[result.count++] = words[i];
	}
	return result;
}

int main(int count, char **words)
{
	if (count < 2)
		complain("which verb? lab/probe/README.md lists them");
	for (unsigned i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(words[1], verbs[i].name) != 0)
			continue;
		struct arguments arguments = read_arguments(count - 2, words + 2);

		run_on_cpu(arguments.cpu);
		return verbs[i].run(&arguments);
	}
	complain("unknown verb `%s`", words[1]);
}
