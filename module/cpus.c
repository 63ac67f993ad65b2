// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/irqflags.h>

#include "module/hyperdbg.h"

u64 hyperdbg_call(u64 number, u64 a, u64 b, u64 c, u64 d)
{
	if (hyperdbg.vendor == HYPERDBG_VENDOR_AMD)
		return hyperdbg_call_amd(number, a, b, c, d, hyperdbg.secret);
	return hyperdbg_call_intel(number, a, b, c, d, hyperdbg.secret);
}

static int enter(unsigned int cpu)
{
	unsigned long flags;
	int error;

	local_irq_save(flags);
	/* Afresh each time: the image dropped the last copy, and Linux may have grown its top level since. */
	tables_borrow_upper_half(hyperdbg.roots[cpu]);
	error = hyperdbg_enter(cpu, hyperdbg.boot->cpu[cpu].cr3, hyperdbg.entry);
	local_irq_restore(flags);
	if (!error)
		return 0;
	hyperdbg.enter_error = error;
	hyperdbg.enter_cpu = cpu;
	return -EIO;
}

static int leave(unsigned int cpu)
{
	unsigned long flags;

	local_irq_save(flags);
	hyperdbg_leave(hyperdbg.secret, hyperdbg.vendor);
	local_irq_restore(flags);
	return 0;
}

/* All or nothing: when one CPU refuses, the hotplug core calls leave on those that had entered. */
int cpus_enter_all(void)
{
	int state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "hyperdbg:online", enter, leave);

	if (state < 0)
		return state;
	hyperdbg.cpuhp_state = state;
	return 0;
}

void cpus_leave_all(void)
{
	cpuhp_remove_state(hyperdbg.cpuhp_state);
}
