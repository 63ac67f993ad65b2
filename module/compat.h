/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#pragma once
/* The one place for differences between kernel versions. */
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
/* e57ef2ed97c1 ("x86: Put hot per CPU variables into a struct"), v6.2 */
#include <asm/current.h>
static inline void *hyperdbg_current_task_of(unsigned int cpu)
{
	return &per_cpu_ptr(&pcpu_hot, cpu)->current_task;
}
#else
static inline void *hyperdbg_current_task_of(unsigned int cpu)
{
	return per_cpu_ptr(&current_task, cpu);
}
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
/* ac3b43283923 ("module: replace module_layout with module_memory"), v6.4 */
static inline void *hyperdbg_module_base(const struct module *module)
{
	return module->mem[MOD_TEXT].base;
}
static inline unsigned long hyperdbg_module_size(const struct module *module)
{
	return module->mem[MOD_TEXT].size;
}
#else
static inline void *hyperdbg_module_base(const struct module *module)
{
	return module->core_layout.base;
}
static inline unsigned long hyperdbg_module_size(const struct module *module)
{
	return module->core_layout.size;
}
#endif
