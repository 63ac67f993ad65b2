// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <linux/kdebug.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/panic_notifier.h>
#include <linux/reboot.h>
#include <linux/suspend.h>
#include <linux/workqueue.h>

#include "module/hyperdbg.h"

#define REFILL_PERIOD (HZ / 4)
#define DEBUGGER_POOL_PAGES 256

/* Tells the image, which halts if a debugger is attached; returns when the debuggee continues. */
static void stopped(uint32_t reason, const char *text)
{
	hyperdbg_call(HYPERDBG_CALL_STOPPED, reason, (u64)text, 0, 0);
}

static int panicked(struct notifier_block *block, unsigned long action, void *message)
{
	stopped(HYPERDBG_HALT_PANIC, message);
	return NOTIFY_DONE;
}

static int died(struct notifier_block *block, unsigned long action, void *data)
{
	const struct die_args *die = data;
	char text[128];

	if (action != DIE_OOPS)
		return NOTIFY_DONE;
	scnprintf(text, sizeof(text), "%s: %04lx at %pS", die->str, die->err & 0xffff,
		  (void *)instruction_pointer(die->regs));
	stopped(HYPERDBG_HALT_OOPS, text);
	return NOTIFY_DONE;
}

/* __warn(file, line, caller, ...) is where every WARN ends, and there is no notifier for it. */
static int warned(struct kprobe *probe, struct pt_regs *regs)
{
	char text[160];

	scnprintf(text, sizeof(text), "%s:%d at %pS", regs->di ? (const char *)regs->di : "?", (int)regs->si,
		  (void *)regs->dx);
	stopped(HYPERDBG_HALT_WARN, text);
	return 0;
}

static struct notifier_block panic_block = { .notifier_call = panicked, .priority = INT_MAX };
static struct notifier_block die_block = { .notifier_call = died, .priority = INT_MAX };
static struct kprobe warn_probe = { .symbol_name = "__warn", .pre_handler = warned };
static bool warn_probed;

/* Instant events take pages while everything is halted; here the pool is filled again, without an exit to look. */
static void refill(struct work_struct *work);
static DECLARE_DELAYED_WORK(refill_work, refill);
static void refill(struct work_struct *work)
{
	if (mutex_trylock(&hyperdbg.lock)) {
		if (hyperdbg.started)
			hyperdbg_refill(DEBUGGER_POOL_PAGES);
		mutex_unlock(&hyperdbg.lock);
	}
	schedule_delayed_work(&refill_work, REFILL_PERIOD);
}

void watch_debugger_begin(void)
{
	atomic_notifier_chain_register(&panic_notifier_list, &panic_block);
	register_die_notifier(&die_block);
	warn_probed = register_kprobe(&warn_probe) == 0;
	if (!warn_probed)
		pr_warn("hyperdbg: no kprobe on __warn, so a WARN does not stop in the debugger\n");
	schedule_delayed_work(&refill_work, REFILL_PERIOD);
}

void watch_debugger_end(void)
{
	cancel_delayed_work_sync(&refill_work);
	if (warn_probed)
		unregister_kprobe(&warn_probe);
	unregister_die_notifier(&die_block);
	atomic_notifier_chain_unregister(&panic_notifier_list, &panic_block);
}

/* Reboot, power-off and kexec start from bare hardware. */
static int rebooting(struct notifier_block *block, unsigned long action, void *data)
{
	mutex_lock(&hyperdbg.lock);
	hyperdbg_end();
	mutex_unlock(&hyperdbg.lock);
	return NOTIFY_DONE;
}

static int suspending(struct notifier_block *block, unsigned long action, void *data)
{
	if (!hyperdbg.started || (action != PM_SUSPEND_PREPARE && action != PM_HIBERNATION_PREPARE))
		return NOTIFY_DONE;
	pr_err("hyperdbg: the machine cannot sleep with the hypervisor beneath it; run `unload vmm` in hyperdbg first\n");
	return NOTIFY_BAD;
}

static struct notifier_block reboot_block = { .notifier_call = rebooting, .priority = INT_MAX };
static struct notifier_block sleep_block = { .notifier_call = suspending };

int watch_always(void)
{
	int error = register_reboot_notifier(&reboot_block);

	if (error)
		return error;
	error = register_pm_notifier(&sleep_block);
	if (error)
		unregister_reboot_notifier(&reboot_block);
	return error;
}

void watch_always_end(void)
{
	unregister_pm_notifier(&sleep_block);
	unregister_reboot_notifier(&reboot_block);
}
