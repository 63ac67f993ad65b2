// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "internal.h"

/* A page of its own: tests watch it. */
static u64 slot[512] __aligned(4096);

static void run_here(struct probe_request *request)
{
	switch (request->operation) {
	case PROBE_RDMSR:
		return probe_rdmsr(request);
	case PROBE_WRMSR:
		return probe_wrmsr(request);
	case PROBE_RDPMC:
		return probe_rdpmc(request);
	case PROBE_XSETBV:
		return probe_xsetbv(request);
	case PROBE_RDDR:
		return probe_read_debug(request);
	case PROBE_WRDR:
		return probe_write_debug(request);
	case PROBE_RDCR:
		return probe_read_control(request);
	case PROBE_WRCR:
		return probe_write_control(request);
	case PROBE_CLI:
		return probe_spin_without_interrupts(request->argument[0]);
	case PROBE_CLOCKS:
		return probe_clocks(request);
	case PROBE_IPI:
		return probe_send_to_self(request->argument[0]);
	case PROBE_SLOT:
		request->result = (u64)&slot[0];
		return;
	case PROBE_STORE:
		WRITE_ONCE(slot[0], request->argument[0]);
		return;
	}
}

/* What may sleep, or ends the calling process. */
static bool run_unprotected(struct probe_request *request)
{
	switch (request->operation) {
	case PROBE_WARN:
		WARN(1, "probe: on purpose\n");
		return true;
	case PROBE_OOPS:
		WRITE_ONCE(*(u64 *)8, 1);
		return true;
	case PROBE_BUG:
		BUG();
		return true;
	case PROBE_PANIC:
		panic("probe: on purpose");
	case PROBE_FRAGMENT:
		probe_fragment(request);
		return true;
	case PROBE_HIDDEN:
		probe_hidden(request);
		return true;
	}
	return false;
}

/* The caller chooses the CPU by its own affinity, so that an event's process filter sees the caller. */
static long probe_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	struct probe_request request;

	if (command != PROBE_IOCTL)
		return -ENOTTY;
	if (copy_from_user(&request, (void __user *)argument, sizeof(request)))
		return -EFAULT;
	if (run_unprotected(&request))
		return copy_to_user((void __user *)argument, &request, sizeof(request)) ? -EFAULT : 0;
	if (request.operation == PROBE_COPY) {
		if (copy_to_user((void __user *)request.argument[0], &request.argument[1], sizeof(u64)))
			return -EFAULT;
	} else {
		preempt_disable();
		run_here(&request);
		preempt_enable();
	}
	return copy_to_user((void __user *)argument, &request, sizeof(request)) ? -EFAULT : 0;
}

static int probe_open(struct inode *inode, struct file *file)
{
	file->private_data = NULL; /* the misc core leaves its device there, and seq_file warns about that */
	return single_open(file, probe_show_state, NULL);
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.open = probe_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
	.unlocked_ioctl = probe_ioctl,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "probe",
	.fops = &operations,
	.mode = 0600,
};

static int __init probe_begin(void)
{
	return misc_register(&device);
}

static void __exit probe_end(void)
{
	misc_deregister(&device);
	probe_fragment_end();
}

module_init(probe_begin);
module_exit(probe_end);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Makes things happen in ring 0 on purpose, for the lab's tests");
