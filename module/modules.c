// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>

#include "module/compat.h"
#include "module/hyperdbg.h"

/*
 * The image reads the list while everything is halted, possibly in the middle of a change: an entry is written before
 * it is counted, and removed by moving the last one into its place.
 */
static DEFINE_MUTEX(list_lock);

static void add(const struct module *module)
{
	struct hyperdbg_modules *modules = hyperdbg.modules;
	struct hyperdbg_module_info *entry;

	if (modules->count == HYPERDBG_MODULES_CAPACITY)
		return;
	entry = &modules->entries[modules->count];
	strscpy(entry->name, module->name, sizeof(entry->name));
	entry->base = (u64)hyperdbg_module_base(module);
	entry->size = hyperdbg_module_size(module);
	smp_wmb();
	WRITE_ONCE(modules->count, modules->count + 1);
}

static void forget(const struct module *module)
{
	struct hyperdbg_modules *modules = hyperdbg.modules;
	uint32_t i;

	for (i = 0; i < modules->count; i++) {
		if (strcmp(modules->entries[i].name, module->name))
			continue;
		modules->entries[i] = modules->entries[modules->count - 1];
		smp_wmb();
		WRITE_ONCE(modules->count, modules->count - 1);
		return;
	}
}

/*
 * KVM asks whether the processor has the feature, and since 6.12 switches it on when it is loaded, without looking whether
 * that worked. No guest of its own could ever run.
 */
static bool wants_virtualization(const struct module *module)
{
	return !strcmp(module->name, "kvm_amd") || !strcmp(module->name, "kvm_intel");
}

static int changed(struct notifier_block *block, unsigned long state, void *data)
{
	const struct module *module = data;

	if (state == MODULE_STATE_COMING && wants_virtualization(module)) {
		pr_err("hyperdbg: %s is refused: the processor's virtualization is in use by the hypervisor beneath this kernel; run `unload vmm` in hyperdbg first\n",
		       module->name);
		return notifier_from_errno(-EBUSY);
	}
	mutex_lock(&list_lock);
	if (state == MODULE_STATE_COMING)
		add(data);
	else if (state == MODULE_STATE_GOING)
		forget(data);
	mutex_unlock(&list_lock);
	return NOTIFY_OK;
}

static struct notifier_block notifier = { .notifier_call = changed };

/* The list's head is not exported, and lies in the kernel's own data; the others lie in the module area. */
static bool is_module(const struct module *module)
{
	return (unsigned long)module >= MODULES_VADDR && (unsigned long)module < MODULES_END;
}

int modules_begin(void)
{
	struct module *module;
	int error;

	mutex_lock(&list_lock);
	add(THIS_MODULE);
	preempt_disable();
	list_for_each_entry_rcu(module, &THIS_MODULE->list, list)
		if (is_module(module) && module->state == MODULE_STATE_LIVE)
			add(module);
	preempt_enable();
	mutex_unlock(&list_lock);
	error = register_module_notifier(&notifier);
	return error;
}

void modules_end(void)
{
	unregister_module_notifier(&notifier);
}
