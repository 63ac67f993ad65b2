// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <asm/desc.h>
#include <asm/msr.h>
#include <asm/special_insns.h>
#include <linux/cpu.h>
#include <linux/smp.h>

#include "internal.h"

static const struct {
	const char *name;
	u32 number;
} msrs[] = {
	{ "efer", 0xc0000080 },          { "star", 0xc0000081 },       { "lstar", 0xc0000082 },
	{ "cstar", 0xc0000083 },         { "sfmask", 0xc0000084 },     { "gs_base", 0xc0000101 },
	{ "tsc_aux", 0xc0000103 },       { "sysenter_cs", 0x174 },     { "sysenter_esp", 0x175 },
	{ "sysenter_eip", 0x176 },       { "pat", 0x277 },             { "apic_base", 0x1b },
	{ "misc_enable", 0x1a0 },        { "debugctl", 0x1d9 },        { "mtrr_default", 0x2ff },
	{ "vm_cr", 0xc0010114 },         { "hsave", 0xc0010117 },
};

struct cpu_state {
	u64 msr[ARRAY_SIZE(msrs)];
	bool readable[ARRAY_SIZE(msrs)];
	u64 cr0, cr4, idt, gdt, idt_sum, gdt_sum;
	u16 idt_limit, gdt_limit, tr;
};

static u64 checksum(const u8 *bytes, size_t count)
{
	u64 sum = 0xcbf29ce484222325ull;

	while (count--)
		sum = (sum ^ *bytes++) * 0x100000001b3ull;
	return sum;
}

static void collect(void *argument)
{
	struct cpu_state *state = argument;
	struct desc_ptr table;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(msrs); i++)
		state->readable[i] = !rdmsrl_safe(msrs[i].number, &state->msr[i]);
	state->cr0 = native_read_cr0();
	state->cr4 = native_read_cr4();
	store_idt(&table);
	state->idt = table.address;
	state->idt_limit = table.size;
	state->idt_sum = checksum((const u8 *)table.address, table.size + 1);
	native_store_gdt(&table);
	state->gdt = table.address;
	state->gdt_limit = table.size;
	state->gdt_sum = checksum((const u8 *)table.address, table.size + 1);
	state->tr = native_store_tr();
}

/* One line for each CPU; what the kernel itself changes while running (CR3, CR2, user FS and GS bases) is left out. */
int probe_show_state(struct seq_file *file, void *unused)
{
	struct cpu_state state;
	unsigned int cpu, i;

	cpus_read_lock();
	for_each_online_cpu(cpu) {
		smp_call_function_single(cpu, collect, &state, 1);
		seq_printf(file, "cpu=%x", cpu);
		for (i = 0; i < ARRAY_SIZE(msrs); i++)
			if (state.readable[i])
				seq_printf(file, " %s=%llx", msrs[i].name, state.msr[i]);
		seq_printf(file, " cr0=%llx cr4=%llx tr=%x", state.cr0, state.cr4, state.tr);
		seq_printf(file, " idt=%llx+%x:%llx", state.idt, state.idt_limit, state.idt_sum);
		seq_printf(file, " gdt=%llx+%x:%llx\n", state.gdt, state.gdt_limit, state.gdt_sum);
	}
	cpus_read_unlock();
	return 0;
}
