/* SPDX-License-Identifier: MIT */
#pragma once
/* Contract between `probe` and its kernel module. Reading the device gives the text of `probe state`. */
#ifdef __KERNEL__
#include <linux/ioctl.h>
#include <linux/types.h>
#else
#include <stdint.h>
#include <sys/ioctl.h>
#endif

#define PROBE_DEVICE "/dev/probe"

enum probe_operation {
	PROBE_RDMSR = 1,  /* argument[0] = MSR -> result */
	PROBE_WRMSR = 2,  /* argument[0] = MSR, [1] = value, [2] = put the old value back afterwards -> result read back */
	PROBE_RDPMC = 3,  /* argument[0] = counter -> result */
	PROBE_XSETBV = 4, /* argument[0] = XCR, [1] = value, [2] = use the present value instead -> result */
	PROBE_RDDR = 5,   /* argument[0] = number -> result */
	PROBE_WRDR = 6,   /* argument[0] = number, [1] = value -> result read back */
	PROBE_RDCR = 7,
	PROBE_WRCR = 8,
	PROBE_CLI = 9,    /* argument[0] = seconds with interrupts off */
	PROBE_SLOT = 10,  /* -> result = address of the module's own variable */
	PROBE_STORE = 11, /* argument[0] = value into that variable, in the kernel */
	PROBE_COPY = 12,  /* argument[0] = user address, [1] = 8-byte value stored there by copy_to_user */
	PROBE_WARN = 13,
	PROBE_OOPS = 14,
	PROBE_BUG = 15,
	PROBE_PANIC = 16,
	PROBE_CLOCKS = 17,   /* argument[0] = leaf -> result = microseconds of TSC over a CPUID, argument[1] = jiffies */
	PROBE_FRAGMENT = 18, /* argument[0] = MiB that stay free, 0 to give back -> result = pages held */
	PROBE_HIDDEN = 19,   /* argument[0] = address of hyperdbg's variables -> result = pages that they point to,
				argument[1] = of them read as zero, [2] = of those keep what is written to them */
	PROBE_IPI = 20,      /* argument[0] = vector that this CPU sends to itself */
};

struct probe_request {
	uint64_t operation;
	uint64_t argument[3];
	uint64_t result;
	uint64_t fault; /* vector of the exception that the instruction raised + 1, or 0 */
};

#define PROBE_IOCTL _IOWR('p', 1, struct probe_request)
