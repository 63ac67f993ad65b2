// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "abi/version.h"
#include "module/hyperdbg.h"

#define PAGES_PER_REQUEST 64 /* what one event may need in VMI Mode: its slots and the tables that map them */

static atomic_t opened = ATOMIC_INIT(0);

static int device_open(struct inode *inode, struct file *file)
{
	return atomic_cmpxchg(&opened, 0, 1) ? -EBUSY : 0;
}

static int device_release(struct inode *inode, struct file *file)
{
	atomic_set(&opened, 0);
	return 0;
}

static long get_info(void __user *argument)
{
	struct hyperdbg_device_info info = {
		.abi = HYPERDBG_ABI,
		.version = HYPERDBG_VERSION,
		.started = hyperdbg.started,
		.mode = hyperdbg.mode,
		.rings = hyperdbg.started ? hyperdbg.cpus : 0,
		.vendor = hyperdbg.vendor,
	};

	return copy_to_user(argument, &info, sizeof(info)) ? -EFAULT : 0;
}

static long start(void __user *argument)
{
	struct hyperdbg_start request;
	long error;

	if (copy_from_user(&request, argument, sizeof(request)))
		return -EFAULT;
	if (request.abi != HYPERDBG_ABI || strncmp(request.version, HYPERDBG_VERSION, sizeof(request.version)))
		return -EPROTO;
	if (hyperdbg.started)
		return -EALREADY;
	request.error = HYPERDBG_START_OK;
	request.cpu = 0;
	request.detail = 0;
	error = hyperdbg_begin(&request);
	if (copy_to_user(argument, &request, sizeof(request)))
		return error ?: -EFAULT;
	return error;
}

static long exchange_copied(struct hyperdbg_exchange *exchange, void *request, void *answer)
{
	long long size;

	if (copy_from_user(request, (void __user *)exchange->request, exchange->request_size))
		return -EFAULT;
	size = hyperdbg_call(HYPERDBG_CALL_REQUEST, (u64)request, exchange->request_size, (u64)answer,
			     exchange->answer_capacity);
	if (size < 0)
		return size;
	exchange->answer_size = size;
	return copy_to_user((void __user *)exchange->answer, answer, size) ? -EFAULT : 0;
}

static long exchange_one(void __user *argument)
{
	struct hyperdbg_exchange exchange;
	void *request, *answer;
	long error = -ENOMEM;

	if (copy_from_user(&exchange, argument, sizeof(exchange)))
		return -EFAULT;
	if (!hyperdbg.started)
		return -ENODEV;
	if (exchange.request_size < sizeof(struct hyperdbg_request) ||
	    exchange.request_size > sizeof(struct hyperdbg_request) + HYPERDBG_MAXIMUM_PAYLOAD ||
	    exchange.answer_capacity < sizeof(struct hyperdbg_answer) ||
	    exchange.answer_capacity > sizeof(struct hyperdbg_answer) + HYPERDBG_MAXIMUM_PAYLOAD)
		return -EINVAL;
	if (hyperdbg_refill(PAGES_PER_REQUEST))
		return -ENOMEM;
	request = vmalloc(exchange.request_size);
	answer = vmalloc(exchange.answer_capacity);
	if (request && answer)
		error = exchange_copied(&exchange, request, answer);
	vfree(request);
	vfree(answer);
	if (!error && copy_to_user(argument, &exchange, sizeof(exchange)))
		error = -EFAULT;
	return error;
}

static long stop(void)
{
	if (!hyperdbg.started)
		return -ENODEV;
	hyperdbg_end();
	return 0;
}

static long device_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	long result;

	mutex_lock(&hyperdbg.lock);
	switch (command) {
	case HYPERDBG_IOCTL_INFO:
		result = get_info((void __user *)argument);
		break;
	case HYPERDBG_IOCTL_START:
		result = start((void __user *)argument);
		break;
	case HYPERDBG_IOCTL_STOP:
		result = stop();
		break;
	case HYPERDBG_IOCTL_REQUEST:
		result = exchange_one((void __user *)argument);
		break;
	default:
		result = -ENOTTY;
	}
	mutex_unlock(&hyperdbg.lock);
	return result;
}

/* Rings stay allocated while a mapping of them exists: a mapping holds the pages themselves. */
static int device_mmap(struct file *file, struct vm_area_struct *area)
{
	unsigned long size = sizeof(struct hyperdbg_ring) + HYPERDBG_RING_SIZE;
	unsigned long cpu = (area->vm_pgoff << PAGE_SHIFT) / size;
	int result = -ENODEV;

	mutex_lock(&hyperdbg.lock);
	if (hyperdbg.started && cpu < HYPERDBG_MAXIMUM_CPUS && hyperdbg.rings[cpu] &&
	    !((area->vm_pgoff << PAGE_SHIFT) % size) && area->vm_end - area->vm_start <= size)
		result = remap_vmalloc_range(area, hyperdbg.rings[cpu], 0);
	mutex_unlock(&hyperdbg.lock);
	return result;
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = device_release,
	.unlocked_ioctl = device_ioctl,
	.mmap = device_mmap,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "hyperdbg",
	.fops = &operations,
	.mode = 0600,
};

int control_register(void)
{
	return misc_register(&device);
}

void control_unregister(void)
{
	misc_deregister(&device);
}

struct device *control_device(void)
{
	return device.this_device;
}
