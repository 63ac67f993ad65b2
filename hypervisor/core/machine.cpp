// SPDX-License-Identifier: MIT
#include "hypervisor/core/machine.hpp"

#include "hypervisor/core/halt.hpp"
#include "hypervisor/core/image_pages.hpp"
#include "hypervisor/core/interrupts.hpp"
#include "hypervisor/cpu/instructions.hpp"

namespace hyperdbg {

constinit Machine machine;
constinit const NestedFormat* selected_nested_format = nullptr;

namespace {

alignas(64) constinit u8 event_table_memory[EventTable::bytes_for(EventTable::default_slots)] = {};

constexpr Permissions hidden{.read = true, .write = false, .execute = false};
constexpr u32 maximum_shadows = 64;
constexpr u64 pool_reserve = 64;  // pages that shadows must leave to events

void add_pool_pages(Pool& pool, const DirectMap& memory, u64 first_list) {
  for (u64 at = first_list; at != 0;) {
    const auto* list = memory.at<hyperdbg_page_list>(PhysicalAddress{at});
    const u64 next = list->next;
    if (list->use == HYPERDBG_PAGES_POOL) {
      for (u32 i = 0; i < list->count; ++i) pool.give_back(PhysicalAddress{list->pages[i]});
    }
    at = next;
  }
}

}  // namespace

u32 Machine::start(hyperdbg_boot& boot_block, const NestedPaging& paging) {
  boot = &boot_block;
  selected_nested_format = &paging.format;
  pool.construct(memory);
  add_pool_pages(*pool, memory, boot->pages);
  auto table = Nested::create(memory, *pool, paging.largest, paging.types);
  if (!table.ok()) return HYPERDBG_ENTER_NO_MEMORY;
  nested.construct(table.value());
  if (!nested->map_identity(boot->memory_end).ok()) return HYPERDBG_ENTER_NO_MEMORY;
  guest.construct(memory, *nested, boot->memory_end);
  for (u32 core = 0; core < boot->cpus; ++core) {
    u8* bytes = reinterpret_cast<u8*>(&ring(core) + 1);
    readers_[core].init(&ring(core), bytes, HYPERDBG_RING_SIZE, core);
  }
  engine.init({.cpus = boot->cpus,
               .can_break = debugger_mode(),
               .pages = image_pages(),
               .table_memory = event_table_memory,
               .table_slots = EventTable::default_slots});
  engine.reserve(HYPERDBG_MAXIMUM_REGULAR_INSTANT_EVENTS, HYPERDBG_MAXIMUM_REGULAR_INSTANT_EVENTS);
  for (u64 at = boot->pages; at != 0;) {
    const auto* list = memory.at<hyperdbg_page_list>(PhysicalAddress{at});
    for (u32 i = 0; i < list->count; ++i) {
      if (hide(PhysicalAddress{list->pages[i]}) != HYPERDBG_OK) return HYPERDBG_ENTER_NO_MEMORY;
    }
    if (hide(PhysicalAddress{at}) != HYPERDBG_OK) return HYPERDBG_ENTER_NO_MEMORY;
    at = list->next;
  }
  if (boot->uart != 0) {
    link.open(static_cast<u16>(boot->uart), boot->uart_divisor, boot->io_apic, boot->uart_irq,
              static_cast<u32>(boot->cpu[0].apic_id));
  }
  publish_pool();
  return 0;
}

Status Machine::hide(PhysicalAddress page) {
  return nested->redirect(page, PhysicalAddress{boot->zero_page}, hidden).status();
}

Status Machine::accept_pages(u64 first_list) {
  add_pool_pages(*pool, memory, first_list);
  for (u64 at = first_list; at != 0;) {
    const auto* list = memory.at<hyperdbg_page_list>(PhysicalAddress{at});
    for (u32 i = 0; i < list->count; ++i) {
      if (const Status status = hide(PhysicalAddress{list->pages[i]}); status != HYPERDBG_OK) return status;
    }
    if (const Status status = hide(PhysicalAddress{at}); status != HYPERDBG_OK) return status;
    at = list->next;
  }
  publish_pool();
  return HYPERDBG_OK;
}

Status Machine::resolve_fault(PhysicalAddress address, NestedAccess access) {
  const auto seen = nested->translate(address);
  if (!seen.ok()) return nested->map_on_demand(address).status();
  const Permissions granted = seen.value().permissions;
  if (access == NestedAccess::write ? granted.write : access == NestedAccess::fetch ? granted.execute : granted.read) {
    return HYPERDBG_OK;  // another CPU was faster: this one has an old translation
  }
  if (page_of(raw(seen.value().address)) != boot->zero_page) return HYPERDBG_INVALID_ADDRESS;
  const PhysicalAddress page{page_of(raw(address))};
  if (access == NestedAccess::write) return give_shadow(page);
  return nested->redirect(page, PhysicalAddress{boot->zero_page}, {.read = true, .write = false, .execute = true})
      .status();
}

// Where the guest wrote to a hidden page, it finds what it wrote from then on, in memory that is nobody's.
Status Machine::give_shadow(PhysicalAddress page) {
  if (shadows_ < maximum_shadows && pool->count() > pool_reserve) {
    auto fresh = pool->take();
    if (!fresh.ok()) return fresh.status();
    last_shadow_ = fresh.value();
    ++shadows_;
  }
  if (shadows_ == 0) return HYPERDBG_INVALID_ADDRESS;
  return nested->redirect(page, last_shadow_, all_permissions).status();
}

void Machine::publish_pool() {
  __atomic_store_n(&ring(0).free_pages, pool->count(), __ATOMIC_RELAXED);
}

// Both wait for whoever owns the stop, so that no NMI of a stop is on its way to a CPU that is not, or no longer, ours.
void Machine::cpu_online(Vcpu& vcpu) {
  stop.acquire(vcpu);
  stop.set_online(vcpu.core, true);
  engine.reapply();
  stop.release();
  resume_cpu(vcpu);
  if (vcpu.core == 0 && link.active()) link.listen();
}

void Machine::cpu_offline(Vcpu& vcpu) {
  stop.acquire(vcpu);
  stop.set_online(vcpu.core, false);
  disarm_system_calls(vcpu);
  engine.reapply();
  // The UART interrupts CPU 0 by NMI: bare Linux must not see one, neither a new one nor one that is pending by now.
  if (vcpu.core == 0 && link.active()) {
    link.close();
    vcpu.backend->take_nmi(vcpu);
  }
  stop.release();
  return_interrupts(vcpu);
  while (vcpu.expect_nmi) {
    if (vcpu.backend->take_nmi(vcpu)) vcpu.expect_nmi = false;
  }
}

}  // namespace hyperdbg
