// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

#include "lab/probe/probe.h"

static sigjmp_buf back;
static volatile int signal_number, signal_code;
static void *volatile signal_address;
static volatile unsigned long signal_rip;

static void on_signal(int number, siginfo_t *information, void *context)
{
	signal_rip = ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
	signal_number = number;
	signal_code = information->si_code;
	signal_address = information->si_addr;
	siglongjmp(back, 1);
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	static const int signals[] = { SIGTRAP, SIGILL, SIGSEGV, SIGFPE, SIGBUS };

	signal_number = 0;
	for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

/* Runs the statement `repeat` times and prints the signal that it ended in, 0 for none. */
#define REPORT(name, arguments, statement)                                                                            \
	do {                                                                                                          \
		static volatile unsigned long done;                                                                   \
		catch_signals();                                                                                      \
		while (done < (arguments)->repeat) {                                                                  \
			done++;                                                                                       \
			if (sigsetjmp(back, 1) == 0)                                                                  \
				statement;                                                                            \
		}                                                                                                     \
		printf(name "=%lu signal=%d code=%d address=%lx\n", done, signal_number, signal_code,                 \
		       (unsigned long)signal_address);                                                                \
	} while (0)

int run_int3(const struct arguments *arguments)
{
	REPORT("int3", arguments, asm volatile("int3"));
	return 0;
}

int run_ud2(const struct arguments *arguments)
{
	REPORT("ud2", arguments, asm volatile("ud2"));
	return 0;
}

int run_fault(const struct arguments *arguments)
{
	volatile unsigned char *address = (volatile unsigned char *)number_at(arguments, 0);

	REPORT("fault", arguments, (void)*address);
	return 0;
}

int run_divide(const struct arguments *arguments)
{
	REPORT("divide", arguments, asm volatile("div %1" : : "a"(1), "r"(0), "d"(0)));
	return 0;
}

/* HLT is a privileged instruction. */
int run_gp(const struct arguments *arguments)
{
	REPORT("gp", arguments, asm volatile("hlt"));
	return 0;
}

/* The gate is for the kernel alone. */
int run_int81(const struct arguments *arguments)
{
	static volatile unsigned long start, done;

	catch_signals();
	while (done < arguments->repeat) {
		done++;
		if (sigsetjmp(back, 1) == 0)
			asm volatile("lea 1f(%%rip), %%rax\n\tmov %%rax, %0\n1:\tint $0x81" : "=m"(start) : : "rax", "memory");
	}
	printf("int81=%lu signal=%d behind=%lx\n", done, signal_number, signal_rip - start);
	return 0;
}

/* A CPUID that a script may make a fault of. */
int run_caught(const struct arguments *arguments)
{
	uint32_t eax = number_at(arguments, 0), ecx = 0;

	REPORT("caught", arguments, asm volatile("cpuid" : "+a"(eax), "+c"(ecx) : : "ebx", "edx", "memory"));
	return 0;
}

/* The vendor's name comes from the kernel: a CPUID of our own would be seen by whoever counts them. */
static bool is_intel(void)
{
	char text[4096] = "";
	FILE *file = fopen("/proc/cpuinfo", "r");

	if (file != NULL) {
		const size_t size = fread(text, 1, sizeof(text) - 1, file);

		text[size] = 0;
		fclose(file);
	}
	return strstr(text, "GenuineIntel") != NULL;
}

int run_vmcall(const struct arguments *arguments)
{
	static uint64_t rax, rcx, rdx;
	const bool intel = is_intel();

	rax = number_or(arguments, 0, 0);
	rcx = number_or(arguments, 1, 0);
	rdx = number_or(arguments, 2, 0);
	catch_signals();
	for (volatile unsigned long i = 0; i < arguments->repeat; i++) {
		if (sigsetjmp(back, 1) != 0)
			continue;
		if (intel)
			asm volatile("vmcall" : "+a"(rax), "+c"(rcx), "+d"(rdx) : : "memory");
		else
			asm volatile("vmmcall" : "+a"(rax), "+c"(rcx), "+d"(rdx) : : "memory");
	}
	printf("rax=%lx rcx=%lx rdx=%lx signal=%d count=%lu\n", rax, rcx, rdx, signal_number, arguments->repeat);
	return 0;
}
