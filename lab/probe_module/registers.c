// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <asm/apic.h>
#include <asm/asm.h>
#include <asm/extable_fixup_types.h>
#include <asm/msr.h>
#include <asm/tsc.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>

#include "internal.h"

/* EX_TYPE_FAULT leaves the vector in RAX; every statement starts with `fault` = 0 and reports vector + 1. */
#define GUARDED(instruction, fault, ...)                                          \
	asm volatile("1: " instruction "\n"                                       \
		     "   jmp 3f\n"                                                \
		     "2: inc %%rax\n"                                             \
		     "   mov %%rax, %[fault_]\n"                                  \
		     "3:\n" _ASM_EXTABLE_TYPE(1b, 2b, EX_TYPE_FAULT) : [fault_] "+m"(fault), __VA_ARGS__)

void probe_rdmsr(struct probe_request *request)
{
	u64 low = 0, high = 0;

	GUARDED("rdmsr", request->fault, "+a"(low), "+d"(high) : "c"((u32)request->argument[0]) : "memory");
	request->result = request->fault ? 0 : (high << 32 | low);
}

static void write_msr(struct probe_request *request, u64 value)
{
	u64 rax = (u32)value;

	GUARDED("wrmsr", request->fault, "+a"(rax) : "d"((u32)(value >> 32)), "c"((u32)request->argument[0]) : "memory");
}

void probe_wrmsr(struct probe_request *request)
{
	struct probe_request before = { .argument = { request->argument[0] } };
	unsigned long flags;

	local_irq_save(flags);
	if (request->argument[2])
		probe_rdmsr(&before);
	write_msr(request, request->argument[1]);
	if (!request->fault)
		probe_rdmsr(request);
	if (request->argument[2] && !before.fault)
		write_msr(&before, before.result);
	local_irq_restore(flags);
}

void probe_rdpmc(struct probe_request *request)
{
	u64 low = 0, high = 0;

	GUARDED("rdpmc", request->fault, "+a"(low), "+d"(high) : "c"((u32)request->argument[0]) : "memory");
	request->result = request->fault ? 0 : (high << 32 | low);
}

void probe_xsetbv(struct probe_request *request)
{
	u64 low = 0, high = 0, value = request->argument[1];
	u32 xcr = request->argument[0];

	GUARDED("xgetbv", request->fault, "+a"(low), "+d"(high) : "c"(xcr) : "memory");
	if (request->fault)
		return;
	request->result = high << 32 | low;
	if (request->argument[2])
		value = request->result;
	low = (u32)value;
	GUARDED("xsetbv", request->fault, "+a"(low) : "d"((u32)(value >> 32)), "c"(xcr) : "memory");
	if (!request->fault)
		request->result = value;
}

#define READ_REGISTER(name) \
	GUARDED("mov %%" name ", %%rcx", request->fault, "=&c"(value) : : "rax", "memory")
#define WRITE_REGISTER(name) \
	GUARDED("mov %[value_], %%" name, request->fault, "+m"(dummy) : [value_] "r"(request->argument[1]) : "rax", "memory")

void probe_read_debug(struct probe_request *request)
{
	u64 value = 0;

	switch (request->argument[0]) {
	case 0:
		READ_REGISTER("db0");
		break;
	case 1:
		READ_REGISTER("db1");
		break;
	case 2:
		READ_REGISTER("db2");
		break;
	case 3:
		READ_REGISTER("db3");
		break;
	case 6:
		READ_REGISTER("db6");
		break;
	case 7:
		READ_REGISTER("db7");
		break;
	default:
		request->fault = 7; /* as DR4 and DR5 with CR4.DE */
	}
	request->result = value;
}

void probe_write_debug(struct probe_request *request)
{
	u64 dummy = 0;

	switch (request->argument[0]) {
	case 0:
		WRITE_REGISTER("db0");
		break;
	case 1:
		WRITE_REGISTER("db1");
		break;
	case 2:
		WRITE_REGISTER("db2");
		break;
	case 3:
		WRITE_REGISTER("db3");
		break;
	case 6:
		WRITE_REGISTER("db6");
		break;
	case 7:
		WRITE_REGISTER("db7");
		break;
	}
	if (!request->fault)
		probe_read_debug(request);
}

void probe_read_control(struct probe_request *request)
{
	u64 value = 0;

	switch (request->argument[0]) {
	case 0:
		READ_REGISTER("cr0");
		break;
	case 2:
		READ_REGISTER("cr2");
		break;
	case 3:
		READ_REGISTER("cr3");
		break;
	case 4:
		READ_REGISTER("cr4");
		break;
	case 8:
		READ_REGISTER("cr8");
		break;
	default:
		request->fault = 7;
	}
	request->result = value;
}

void probe_write_control(struct probe_request *request)
{
	u64 dummy = 0;

	switch (request->argument[0]) {
	case 0:
		WRITE_REGISTER("cr0");
		break;
	case 2:
		WRITE_REGISTER("cr2");
		break;
	case 3:
		WRITE_REGISTER("cr3");
		break;
	case 4:
		WRITE_REGISTER("cr4");
		break;
	case 8:
		WRITE_REGISTER("cr8");
		break;
	}
	if (!request->fault)
		probe_read_control(request);
}

void probe_spin_without_interrupts(u64 seconds)
{
	unsigned long flags;
	u64 end, round;

	local_irq_save(flags);
	end = rdtsc() + seconds * tsc_khz * 1000;
	/* Long stretches of nothing but a jump: the case in which only an NMI gets in. */
	while (rdtsc() < end)
		for (round = 0; round < 1000000; round++)
			asm volatile("" ::: "memory");
	local_irq_restore(flags);
}

/* One after the other: the next is sent when the local APIC has taken this one. */
void probe_send_to_self(u64 vector)
{
	const u32 command = APIC_DEST_SELF | APIC_DM_FIXED | APIC_INT_ASSERT | (u8)vector;
	u64 base;

	rdmsrl(MSR_IA32_APICBASE, base);
	if (base & X2APIC_ENABLE) {
		wrmsrl(APIC_BASE_MSR + (APIC_ICR >> 4), command);
		return;
	}
	native_apic_mem_write(APIC_ICR, command);
	while (native_apic_mem_read(APIC_ICR) & APIC_ICR_BUSY)
		cpu_relax();
}

void probe_clocks(struct probe_request *request)
{
	u32 eax = request->argument[0], ebx, ecx = 0, edx;
	const u64 ticks = jiffies_64;
	unsigned long flags;
	u64 before;

	/* The tick that became due meanwhile, and whatever else waits, runs after the TSC is read and before jiffies are. */
	local_irq_save(flags);
	before = rdtsc();
	asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx) : : "memory");
	request->result = (rdtsc() - before) * 1000 / tsc_khz;
	local_irq_restore(flags);
	request->argument[1] = READ_ONCE(jiffies_64) - ticks;
}
