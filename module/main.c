// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <linux/acpi.h>
#include <linux/firmware.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/utsname.h>
#include <linux/vmalloc.h>
#include <asm/apic.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/tsc.h>

#include "abi/version.h"
#include "module/compat.h"
#include "module/hyperdbg.h"

#define INITIAL_POOL_PAGES 768 /* twenty regular events with their actions, nested tables, and some to spare */

struct hyperdbg hyperdbg = { .lock = __MUTEX_INITIALIZER(hyperdbg.lock) };

static int fail(struct hyperdbg_start *start, uint32_t error, int code)
{
	start->error = error;
	return code;
}

/* SVM and VT-x leave the address in the header's own words; nothing else of the image is looked at here. */
static int check_image(const struct firmware *image)
{
	const struct hyperdbg_image_header *header = (const void *)image->data;

	if (image->size < sizeof(*header) || memcmp(header->magic, HYPERDBG_IMAGE_MAGIC, sizeof(header->magic)))
		return -EINVAL;
	if (header->abi != HYPERDBG_ABI || strncmp(header->version, HYPERDBG_VERSION, sizeof(header->version)))
		return -EPROTO;
	if (header->file_size != image->size || header->memory_size < header->file_size || !PAGE_ALIGNED(header->memory_size))
		return -EINVAL;
	return 0;
}

static u64 segment_flags(const struct hyperdbg_image_header *header, u64 offset)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(header->segments); i++) {
		const struct hyperdbg_segment *segment = &header->segments[i];

		if (offset < segment->offset || offset >= segment->offset + segment->size)
			continue;
		return (segment->flags & HYPERDBG_SEGMENT_WRITE ? _PAGE_RW : 0) |
		       (segment->flags & HYPERDBG_SEGMENT_EXECUTE ? 0 : _PAGE_NX);
	}
	return _PAGE_NX;
}

/* Single pages, mapped side by side; the boot block must not cross into a page that is elsewhere, hence the vmap. */
static int map_image(const struct firmware *image)
{
	const struct hyperdbg_image_header *header = (const void *)image->data;
	u64 offset;

	for (offset = 0; offset < header->memory_size; offset += PAGE_SIZE) {
		void *page = memory_page(&hyperdbg.image);
		int error;

		if (!page)
			return -ENOMEM;
		if (offset < header->file_size)
			memcpy(page, image->data + offset, min_t(u64, PAGE_SIZE, header->file_size - offset));
		if (offset <= header->boot && header->boot < offset + PAGE_SIZE)
			hyperdbg.boot = page + (header->boot - offset);
		error = tables_map(&hyperdbg.tables, HYPERDBG_IMAGE_BASE + offset, __pa(page), segment_flags(header, offset));
		if (error)
			return error;
	}
	hyperdbg.entry = header->entry;
	return hyperdbg.boot ? 0 : -EINVAL;
}

static int map_rings(unsigned int cpu)
{
	u64 virtual = HYPERDBG_RING_AREA + cpu * HYPERDBG_RING_STRIDE, at;
	struct hyperdbg_ring *ring = vmalloc_user(sizeof(*ring) + HYPERDBG_RING_SIZE);
	int error = 0;

	if (!ring)
		return -ENOMEM;
	hyperdbg.rings[cpu] = ring;
	ring->size = HYPERDBG_RING_SIZE;
	for (at = 0; at < sizeof(*ring) + HYPERDBG_RING_SIZE && !error; at += PAGE_SIZE)
		error = tables_map(&hyperdbg.tables, virtual + at,
				   (u64)vmalloc_to_pfn((void *)ring + at) << PAGE_SHIFT, _PAGE_RW | _PAGE_NX);
	return error;
}

static int map_modules_area(void)
{
	u64 at;
	int error = 0;

	hyperdbg.modules = vzalloc(HYPERDBG_MODULES_PAGES * PAGE_SIZE);
	if (!hyperdbg.modules)
		return -ENOMEM;
	for (at = 0; at < HYPERDBG_MODULES_PAGES * PAGE_SIZE && !error; at += PAGE_SIZE)
		error = tables_map(&hyperdbg.tables, HYPERDBG_MODULES_AREA + at,
				   (u64)vmalloc_to_pfn((void *)hyperdbg.modules + at) << PAGE_SHIFT, _PAGE_NX);
	return error;
}

static int map_cpu_area(unsigned int cpu, u64 map)
{
	u64 virtual = HYPERDBG_CPU_AREA + cpu * HYPERDBG_CPU_STRIDE;
	unsigned int page;

	for (page = 0; page < 64; page++) {
		void *memory;
		int error;

		if (!(map >> page & 1))
			continue;
		memory = memory_page(&hyperdbg.image);
		if (!memory)
			return -ENOMEM;
		error = tables_map(&hyperdbg.tables, virtual + page * PAGE_SIZE, __pa(memory), _PAGE_RW | _PAGE_NX);
		if (error)
			return error;
	}
	return 0;
}

static u64 physical_page(unsigned int order)
{
	void *page = memory_contiguous(&hyperdbg.image, order);

	return page ? __pa(page) : 0;
}

static u64 current_task_address(unsigned int cpu)
{
	void *variable = hyperdbg_current_task_of(cpu);

	if (virt_addr_valid(variable))
		return __pa(variable);
	return ((u64)vmalloc_to_pfn(variable) << PAGE_SHIFT) + offset_in_page(variable);
}

static int fill_cpu(unsigned int cpu)
{
	struct hyperdbg_boot_cpu *boot = &hyperdbg.boot->cpu[cpu];
	unsigned int i;

	boot->control_block = physical_page(0);
	boot->host_area = physical_page(0);
	boot->msr_permissions = physical_page(1);
	boot->tss_page = physical_page(0);
	boot->io_permissions = physical_page(2);
	if (!boot->control_block || !boot->host_area || !boot->msr_permissions || !boot->tss_page || !boot->io_permissions)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(boot->tss_tables); i++) {
		boot->tss_tables[i] = physical_page(0);
		if (!boot->tss_tables[i])
			return -ENOMEM;
	}
	boot->current_task = current_task_address(cpu);
	boot->apic_id = per_cpu(x86_cpu_to_apicid, cpu);
	return 0;
}

/* The direct map reaches over all memory and, at least, over the devices below 4 GiB. */
static u64 end_of_memory(void)
{
	struct resource *resource;
	u64 end = 4ull << 30;

	for (resource = iomem_resource.child; resource; resource = resource->sibling)
		if (resource->flags & IORESOURCE_SYSRAM)
			end = max_t(u64, end, resource->end + 1);
	return round_up(end, 1ull << 30);
}

static u64 find_io_apic(void)
{
#ifdef CONFIG_ACPI
	struct acpi_table_header *table;
	u64 address = 0;
	u8 *at, *end;

	if (ACPI_FAILURE(acpi_get_table(ACPI_SIG_MADT, 0, &table)))
		return 0;
	at = (u8 *)table + sizeof(struct acpi_table_madt);
	end = (u8 *)table + table->length;
	for (; at + sizeof(struct acpi_subtable_header) <= end && at[1]; at += at[1]) {
		struct acpi_madt_io_apic *entry = (void *)at;

		if (entry->header.type == ACPI_MADT_TYPE_IO_APIC && !entry->global_irq_base)
			address = entry->address;
	}
	acpi_put_table(table);
	return address;
#else
	return 0;
#endif
}

static void fill_system_calls(struct hyperdbg_boot *boot)
{
	const bool amd = hyperdbg.vendor == HYPERDBG_VENDOR_AMD;

	boot->system_call_stub = (u64)(amd ? hyperdbg_system_call_amd : hyperdbg_system_call_intel);
	boot->system_call_jump = (u64)(amd ? hyperdbg_system_call_jump_amd : hyperdbg_system_call_jump_intel);
	boot->system_call_trap = (u64)(amd ? hyperdbg_system_call_trap_amd : hyperdbg_system_call_trap_intel);
	boot->system_call_filter = (u64)&hyperdbg_system_call_filter;
}

static void fill_boot(const struct hyperdbg_start *start)
{
	struct hyperdbg_boot *boot = hyperdbg.boot;

	get_random_bytes(&hyperdbg.secret, sizeof(hyperdbg.secret));
	hyperdbg.cpus = num_possible_cpus();
	boot->secret = hyperdbg.secret;
	boot->text_start = (u64)hyperdbg_module_base(THIS_MODULE);
	boot->text_end = boot->text_start + hyperdbg_module_size(THIS_MODULE);
	boot->memory_end = end_of_memory();
	boot->page_offset = PAGE_OFFSET;
	boot->cpus = hyperdbg.cpus;
	boot->vendor = hyperdbg.vendor;
	boot->mode = start->mode;
	boot->uart = start->uart;
	boot->uart_divisor = start->baud ? max_t(u32, 1, 115200 / start->baud) : 1;
	boot->uart_irq = start->irq;
	boot->levels = hyperdbg.tables.levels;
	boot->task_tgid = offsetof(struct task_struct, tgid);
	boot->task_pid = offsetof(struct task_struct, pid);
	boot->task_comm = offsetof(struct task_struct, comm);
	boot->task_group_leader = offsetof(struct task_struct, group_leader);
	boot->isolation = boot_cpu_has(X86_FEATURE_PTI);
	fill_system_calls(boot);
	boot->anchor = (u64)&init_task;
	boot->tsc_khz = tsc_khz;
	boot->boot_time = ktime_get_real_ns();
	boot->boot_tsc = rdtsc();
	boot->io_apic = find_io_apic();
	memcpy(boot->build_id, start->build_id, sizeof(boot->build_id));
	strscpy(boot->release, utsname()->release, sizeof(boot->release));
}

/* A 16550 keeps what is written to its scratch register. */
static bool uart_present(u32 port)
{
	outb(0x5a, port + 7);
	if (inb(port + 7) != 0x5a)
		return false;
	outb(0xa5, port + 7);
	return inb(port + 7) == 0xa5;
}

/* The processor is asked, because Linux forgets the feature where firmware has locked it off; a guest is told otherwise. */
static uint32_t detect_vendor(void)
{
	const u32 svm = BIT(2), vmx = BIT(5);

	if (cpuid_eax(0x80000000) >= 0x80000001 && (cpuid_ecx(0x80000001) & svm))
		return HYPERDBG_VENDOR_AMD;
	if (cpuid_ecx(1) & vmx)
		return HYPERDBG_VENDOR_INTEL;
	return 0;
}

static void release_all(void)
{
	unsigned int cpu;

	for (cpu = 0; cpu < HYPERDBG_MAXIMUM_CPUS; cpu++) {
		vfree(hyperdbg.rings[cpu]);
		hyperdbg.rings[cpu] = NULL;
		hyperdbg.roots[cpu] = NULL;
	}
	vfree(hyperdbg.modules);
	hyperdbg.modules = NULL;
	memory_free(&hyperdbg.pool);
	memory_free(&hyperdbg.image);
	memory_free_spare();
	hyperdbg.boot = NULL;
}

static int build(const struct firmware *image, struct hyperdbg_start *start)
{
	const struct hyperdbg_image_header *header = (const void *)image->data;
	unsigned int cpu;
	u64 zero_page;
	int error;

	memory_init(&hyperdbg.image, HYPERDBG_PAGES_HIDE);
	memory_init(&hyperdbg.pool, HYPERDBG_PAGES_POOL);
	error = tables_init(&hyperdbg.tables, &hyperdbg.image);
	if (!error)
		error = map_image(image);
	if (!error)
		error = map_modules_area();
	if (error)
		return error;
	fill_boot(start);
	for_each_possible_cpu(cpu) {
		error = map_cpu_area(cpu, header->cpu_area_map);
		if (!error)
			error = fill_cpu(cpu);
		if (!error)
			error = map_rings(cpu);
		if (error)
			return error;
	}
	error = tables_map_direct(&hyperdbg.tables, hyperdbg.boot->memory_end);
	if (error)
		return error;
	for_each_possible_cpu(cpu) {	/* last, because a root copies the top level */
		hyperdbg.roots[cpu] = tables_root(&hyperdbg.tables);
		if (!hyperdbg.roots[cpu])
			return -ENOMEM;
		hyperdbg.boot->cpu[cpu].cr3 = __pa(hyperdbg.roots[cpu]);
	}
	zero_page = physical_page(0);
	if (!zero_page || memory_donate(&hyperdbg.pool, INITIAL_POOL_PAGES))
		return -ENOMEM;
	hyperdbg.boot->zero_page = zero_page;
	hyperdbg.image.last->next = __pa(hyperdbg.pool.first);
	hyperdbg.boot->pages = __pa(hyperdbg.image.first);
	return 0;
}

static uint32_t start_error_of(uint32_t enter_error)
{
	switch (enter_error) {
	case HYPERDBG_ENTER_IN_USE:
		return HYPERDBG_START_IN_USE;
	case HYPERDBG_ENTER_DISABLED:
		return HYPERDBG_START_DISABLED;
	case HYPERDBG_ENTER_NO_NESTED_PAGING:
		return HYPERDBG_START_NO_NESTED_PAGING;
	case HYPERDBG_ENTER_UNSUPPORTED:
		return HYPERDBG_START_UNSUPPORTED;
	case HYPERDBG_ENTER_NO_MEMORY:
		return HYPERDBG_START_NO_MEMORY;
	default:
		return HYPERDBG_START_REFUSED;
	}
}

static int enter_all(struct hyperdbg_start *start)
{
	int error;

	hyperdbg.enter_error = 0;
	error = cpus_enter_all();
	if (!error)
		return 0;
	start->error = start_error_of(hyperdbg.enter_error);
	start->cpu = hyperdbg.enter_cpu;
	start->detail = hyperdbg.enter_error ? hyperdbg.enter_error : error;
	return -EIO;
}

int hyperdbg_begin(struct hyperdbg_start *start)
{
	const struct firmware *image;
	int error;

	hyperdbg.mode = start->mode;
	if (!hyperdbg.vendor)
		return fail(start, HYPERDBG_START_NO_VIRTUALIZATION, -EOPNOTSUPP);
	if (nr_cpu_ids > HYPERDBG_MAXIMUM_CPUS)
		return fail(start, HYPERDBG_START_TOO_MANY_CPUS, -E2BIG);
	if (start->mode == HYPERDBG_MODE_DEBUGGER && !uart_present(start->uart))
		return fail(start, HYPERDBG_START_BAD_PORT, -ENXIO);
	if (request_firmware(&image, "hyperdbg/image.bin", control_device()))
		return fail(start, HYPERDBG_START_NO_IMAGE, -ENOENT);
	error = check_image(image);
	if (error) {
		fail(start, HYPERDBG_START_WRONG_IMAGE, error);
		goto release_image;
	}
	error = build(image, start);
	if (error) {
		fail(start, HYPERDBG_START_NO_MEMORY, error);
		goto release_memory;
	}
	error = modules_begin();
	if (error)
		goto release_memory;
	error = enter_all(start);
	if (error)
		goto stop_modules;
	/* No way back by failing from here on: every CPU is a guest. */
	hyperdbg.started = true;
	if (start->mode == HYPERDBG_MODE_DEBUGGER)
		watch_debugger_begin();
	if (start->flags & HYPERDBG_START_HALTED)
		hyperdbg_call(HYPERDBG_CALL_HALT, 0, 0, 0, 0);
	release_firmware(image);
	return 0;

stop_modules:
	modules_end();
release_memory:
	release_all();
release_image:
	release_firmware(image);
	return error;
}

void hyperdbg_end(void)
{
	if (!hyperdbg.started)
		return;
	if (hyperdbg.mode == HYPERDBG_MODE_DEBUGGER)
		watch_debugger_end();
	modules_end();
	cpus_leave_all();
	hyperdbg.started = false;
	release_all();
}

/* Tops the image's pool up to `pages`. What was handed over stays until the end. */
int hyperdbg_refill(unsigned int pages)
{
	u64 free = READ_ONCE(hyperdbg.rings[0]->free_pages);
	struct page_chain batch;
	long long error;

	if (free >= pages)
		return 0;
	memory_init(&batch, HYPERDBG_PAGES_POOL);
	if (memory_donate(&batch, pages - free)) {
		memory_free(&batch);
		return -ENOMEM;
	}
	error = hyperdbg_call(HYPERDBG_CALL_DONATE, __pa(batch.first), 0, 0, 0);
	list_splice(&batch.owned, &hyperdbg.pool.owned);
	return error;
}

static int __init hyperdbg_init(void)
{
	int error;

	hyperdbg.vendor = detect_vendor();
	error = control_register();
	if (error)
		return error;
	error = watch_always();
	if (error)
		control_unregister();
	return error;
}

static void __exit hyperdbg_exit(void)
{
	watch_always_end();
	mutex_lock(&hyperdbg.lock);
	hyperdbg_end();
	mutex_unlock(&hyperdbg.lock);
	control_unregister();
}

module_init(hyperdbg_init);
module_exit(hyperdbg_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Slides the HyperDbg hypervisor beneath the running kernel");
MODULE_VERSION(HYPERDBG_VERSION);
MODULE_FIRMWARE("hyperdbg/image.bin");
