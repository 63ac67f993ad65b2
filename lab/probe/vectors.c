// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "lab/probe/probe.h"

enum { REGISTERS = 16, WIDTH = 32 };

struct vectors {
	uint8_t registers[REGISTERS][WIDTH];
	uint32_t mxcsr;
};

/* From the file, because asking the processor would be one CPUID more. */
static bool has_avx(void)
{
	char line[4096];
	bool found = false;
	FILE *file = fopen("/proc/cpuinfo", "r");

	while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL)
		found = strncmp(line, "flags", 5) == 0 && strstr(line, " avx ") != NULL;
	if (file != NULL)
		fclose(file);
	return found;
}

#define EACH_REGISTER ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n\t"

/* xmm0 += xmm1 each time, with the CPUID or with as many NOPs in its place. */
#define SUM(move, register, instruction)                                                                  \
	asm volatile(EACH_REGISTER move " 32 * \\n(%[v]), %%" register "\\n\n\t.endr\n\t"                 \
		     "ldmxcsr 512(%[v])\n"                                                                \
		     "1:\tmov %[leaf], %%eax\n\txor %%ecx, %%ecx\n\t" instruction "\n\t"                  \
		     "addsd %%xmm1, %%xmm0\n\tdec %[left]\n\tjnz 1b\n\t"                                  \
		     EACH_REGISTER move " %%" register "\\n, 32 * \\n(%[v])\n\t.endr\n\t"                 \
		     "stmxcsr 512(%[v])\n\tldmxcsr %[usual]"                                              \
		     : [left] "+r"(left)                                                                  \
		     : [v] "r"(vectors), [leaf] "r"(leaf), [usual] "m"(usual)                             \
		     : "rax", "rbx", "rcx", "rdx", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", \
		       "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",        \
		       "xmm14", "xmm15")

static void sum(struct vectors *vectors, uint32_t leaf, unsigned long times, bool avx, bool with_cpuid)
{
	const uint32_t usual = 0x1f80;
	register unsigned long left asm("r8") = times;

	if (avx && with_cpuid)
		SUM("vmovups", "ymm", "cpuid");
	else if (avx)
		SUM("vmovups", "ymm", "nop");
	else if (with_cpuid)
		SUM("movups", "xmm", "cpuid");
	else
		SUM("movups", "xmm", "nop");
}

static void fill(struct vectors *vectors)
{
	const double start = 0, step = 0.1;
	uint8_t *bytes = &vectors->registers[0][0];

	for (unsigned i = 0; i < sizeof(vectors->registers); i++)
		bytes[i] = i * 37 + 11;
	memcpy(vectors->registers[0], &start, sizeof(start));
	memcpy(vectors->registers[1], &step, sizeof(step));
	vectors->mxcsr = 0x3f80; /* round down */
}

int run_vectors(const struct arguments *arguments)
{
	const uint32_t leaf = number_at(arguments, 0);
	const bool avx = has_avx();
	struct vectors watched, control;
	double result;

	fill(&watched);
	fill(&control);
	sum(&control, leaf, arguments->repeat, avx, false);
	sum(&watched, leaf, arguments->repeat, avx, true);
	memcpy(&result, watched.registers[0], sizeof(result));
	printf("same=%d avx=%d sum=%.17g mxcsr=%x count=%lu\n", memcmp(&watched, &control, sizeof(watched)) == 0, avx, result,
	       watched.mxcsr, arguments->repeat);
	return 0;
}
