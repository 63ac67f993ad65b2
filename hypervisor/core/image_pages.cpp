// SPDX-License-Identifier: MIT
#include "hypervisor/core/image_pages.hpp"

#include "hypervisor/core/machine.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "x86/registers.hpp"

namespace hyperdbg {

namespace {

constexpr u64 present = 1 << 0, writable = 1 << 1, no_execute = 1ull << 63;
constexpr u64 table_entry = present | writable;
constexpr u64 slot_pages = HYPERDBG_REGULAR_ACTION_SIZE / page_size;

constinit u64 slots_made = 0;

// The entry that maps `address` in the tables that all CPUs share below their roots.
Result<u64*> entry_of(u64 address) {
  u64 table = machine.boot->cpu[0].cr3;
  if (machine.boot->levels == 5) table = *machine.memory.at<u64>(PhysicalAddress{table & x86::cr3_address_mask});
  for (u32 level = 4;; --level) {
    u64* entry =
        machine.memory.at<u64>(PhysicalAddress{table & x86::cr3_address_mask}) + (address >> (3 + 9 * level) & 511);
    if (level == 1) return entry;
    if (*entry == 0) *entry = raw(TRY(machine.pool->take())) | table_entry;
    table = *entry;
  }
}

Result<void> map(u64 address, PhysicalAddress page, u64 flags) {
  u64* entry = TRY(entry_of(address));
  *entry = raw(page) | present | flags;
  return {};
}

Result<u8*> data_page(void*) {
  return machine.memory.at<u8>(TRY(machine.pool->take()));
}

Result<CodePages> code_pages(void*) {
  const u64 offset = slots_made * HYPERDBG_REGULAR_ACTION_SIZE;
  if (HYPERDBG_CODE_AREA + offset + HYPERDBG_REGULAR_ACTION_SIZE > HYPERDBG_DATA_AREA) return HYPERDBG_POOL_EMPTY;
  // Enough for the slot and for the tables of both views, so that no slot is left half made.
  if (machine.pool->count() < 2 * slot_pages + 6) return HYPERDBG_POOL_EMPTY;
  for (u64 at = offset; at < offset + slot_pages * page_size; at += page_size) {
    const PhysicalAddress page = TRY(machine.pool->take());
    TRY(map(HYPERDBG_CODE_AREA + at, page, 0));
    TRY(map(HYPERDBG_DATA_AREA + at, page, writable | no_execute));
  }
  ++slots_made;
  return CodePages{.writable = reinterpret_cast<u8*>(HYPERDBG_DATA_AREA + offset),
                   .executable = reinterpret_cast<const u8*>(HYPERDBG_CODE_AREA + offset)};
}

}  // namespace

PageSource image_pages() {
  return {.context = nullptr, .data_page = data_page, .code_pages = code_pages};
}

std::span<const u8> action_slots() {
  return {reinterpret_cast<const u8*>(HYPERDBG_CODE_AREA), slots_made * HYPERDBG_REGULAR_ACTION_SIZE};
}

CodePages evaluation_pages() {
  static constinit CodePages pages{};
  if (pages.writable == nullptr) {
    auto made = code_pages(nullptr);
    if (made.ok()) pages = made.value();
  }
  return pages;
}

}  // namespace hyperdbg
