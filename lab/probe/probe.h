/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/*
 * Words of the command line after the verb, with the options taken out: `xN` and `rep N` (decimal), `cpu N`.
 * Numbers are hexadecimal, counts decimal.
 */
struct arguments {
	int count;
	char **words;
	unsigned long repeat; /* 1 if not given */
	int cpu;              /* -1 if not given */
};

struct verb {
	const char *name;
	int (*run)(const struct arguments *arguments);
};

void complain(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* The word at `index` as a hexadecimal number; complains if it is missing or is none. */
uint64_t number_at(const struct arguments *arguments, int index);
uint64_t number_or(const struct arguments *arguments, int index, uint64_t otherwise);
unsigned long decimal_at(const struct arguments *arguments, int index);
void run_on_cpu(int cpu);
/* Waits for a newline on stdin, or for a file named `go` here, in / or in /tmp (stdin may be closed). */
void wait_for_go(void);

/* instructions.c */
int run_cpuid(const struct arguments *arguments);
int run_in(const struct arguments *arguments);
int run_out(const struct arguments *arguments);
int run_rdtsc(const struct arguments *arguments);
int run_rdtscp(const struct arguments *arguments);
int run_syscall(const struct arguments *arguments);
int run_syscall32(const struct arguments *arguments);

/* vectors.c */
int run_vectors(const struct arguments *arguments);

/* faults.c: instructions that raise an exception; the signal is caught and printed */
int run_int3(const struct arguments *arguments);
int run_ud2(const struct arguments *arguments);
int run_fault(const struct arguments *arguments);
int run_divide(const struct arguments *arguments);
int run_gp(const struct arguments *arguments);
int run_int81(const struct arguments *arguments);
int run_vmcall(const struct arguments *arguments);

/* ring0.c: through the kernel module */
struct probe_request;
void in_ring0(struct probe_request *request);
int run_rdmsr(const struct arguments *arguments);
int run_wrmsr(const struct arguments *arguments);
int run_rdpmc(const struct arguments *arguments);
int run_xsetbv(const struct arguments *arguments);
int run_dr(const struct arguments *arguments);
int run_cr(const struct arguments *arguments);
int run_cli(const struct arguments *arguments);
int run_state(const struct arguments *arguments);
int run_warn(const struct arguments *arguments);
int run_oops(const struct arguments *arguments);
int run_bug(const struct arguments *arguments);
int run_panic(const struct arguments *arguments);
int run_clocks(const struct arguments *arguments);
int run_fragment(const struct arguments *arguments);
int run_hidden(const struct arguments *arguments);

/* processes.c */
int run_spin(const struct arguments *arguments);
int run_spawn(const struct arguments *arguments);
int run_interrupts(const struct arguments *arguments);
int run_ipi(const struct arguments *arguments);
int run_caught(const struct arguments *arguments);
int run_counted(const struct arguments *arguments);
int run_fork(const struct arguments *arguments);
int run_exec_other(const struct arguments *arguments);
int run_trace(const struct arguments *arguments);
int run_checksum(const struct arguments *arguments);
int run_kexec(const struct arguments *arguments);

/* memory.c */
int run_write(const struct arguments *arguments);
int run_read(const struct arguments *arguments);
int run_exec(const struct arguments *arguments);
