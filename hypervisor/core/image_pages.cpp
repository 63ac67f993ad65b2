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

constexpr u64 table_reserve = 8;  // pages for the tables of what is mapped next

constinit u64 code_used = 0, buffers_used = 0;  // bytes of the areas

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

Result<CodePages> code_space(void*, u64 size) {
  const u64 offset = code_used;
  if (size > HYPERDBG_DATA_AREA - HYPERDBG_CODE_AREA - offset) return HYPERDBG_POOL_EMPTY;
  code_used += size;
  return CodePages{.writable = reinterpret_cast<u8*>(HYPERDBG_DATA_AREA + offset),
                   .executable = reinterpret_cast<const u8*>(HYPERDBG_CODE_AREA + offset)};
}

Result<void> back_code(void*, const CodePages& space) {
  if (machine.pool->count() < 1 + table_reserve) return HYPERDBG_POOL_EMPTY;
  const PhysicalAddress page = TRY(machine.pool->take());
  TRY(map(reinterpret_cast<u64>(space.executable), page, 0));
  return map(reinterpret_cast<u64>(space.writable), page, writable | no_execute);
}

Result<CodePages> code_pages(void*) {
  // Enough for the slot and for the tables of both views, so that no slot is left half made.
  if (machine.pool->count() < slot_pages + table_reserve) return HYPERDBG_POOL_EMPTY;
  const CodePages pages = TRY(code_space(nullptr, HYPERDBG_REGULAR_ACTION_SIZE));
  for (u64 at = 0; at < HYPERDBG_REGULAR_ACTION_SIZE; at += page_size)
    TRY(back_code(nullptr, {pages.writable + at, pages.executable + at}));
  return pages;
}

Result<u8*> buffer_pages(void*, u64 size) {
  if (size > HYPERDBG_BUFFER_AREA_END - HYPERDBG_BUFFER_AREA - buffers_used) return HYPERDBG_POOL_EMPTY;
  if (machine.pool->count() < size / page_size + table_reserve) return HYPERDBG_POOL_EMPTY;
  const u64 start = HYPERDBG_BUFFER_AREA + buffers_used;
  buffers_used += size;
  for (u64 at = start; at < start + size; at += page_size) {
    const PhysicalAddress page = TRY(machine.pool->take());
    TRY(map(at, page, writable | no_execute));
  }
  return reinterpret_cast<u8*>(start);
}

}  // namespace

PageSource image_pages() {
  return {.context = nullptr,
          .data_page = data_page,
          .code_pages = code_pages,
          .code_space = code_space,
          .back_code = back_code,
          .buffer_pages = buffer_pages};
}

std::span<const u8> code_page_from(u64 address) {
  const u64 end = HYPERDBG_CODE_AREA + code_used;
  for (u64 at = address < HYPERDBG_CODE_AREA ? HYPERDBG_CODE_AREA : address; at < end; at += page_size) {
    const auto entry = entry_of(at);
    if (entry.ok() && (*entry.value() & present) != 0) return {reinterpret_cast<const u8*>(at), page_size};
  }
  return {};
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
