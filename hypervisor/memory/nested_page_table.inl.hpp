// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/memory/nested_page_table.hpp"

namespace hyperdbg {

// The table that a used, non-leaf entry leads to; a missing one is made.
template <class Format, PhysicalMemory Memory>
Result<u64*> NestedPageTable<Format, Memory>::table_below(u64& entry) {
  if (entry == 0) {
    const PhysicalAddress page = TRY(pool_->take());
    publish(entry, Format::table(raw(page)));
  }
  return table_at(entry);
}

// One entry gets what begins at `start`: a leaf if there are such large ones and it all is of one memory type, else a
// table.
template <class Format, PhysicalMemory Memory>
Result<void> NestedPageTable<Format, Memory>::map_range(u64& entry, u64 start, u64 level) {
  const x86::MemoryTypes::Range range = types_.at(start);
  if (level == 0 || (level <= largest_ && range.end - start >= size_of(level))) {
    publish(entry, Format::leaf(start, all_permissions, level > 0, range.type));
    return {};
  }
  const PhysicalAddress page = TRY(pool_->take());
  u64* table = memory_.template at<u64>(page);
  for (u64 i = 0; i < 512; ++i) {
    const Result<void> done = map_range(table[i], start + i * size_of(level - 1), level - 1);
    if (done.ok()) continue;
    give_back_table(page, level);
    return done;
  }
  publish(entry, Format::table(raw(page)));
  return {};
}

// A table that was not finished, behind an entry of `level`.
template <class Format, PhysicalMemory Memory>
void NestedPageTable<Format, Memory>::give_back_table(PhysicalAddress page, u64 level) {
  const u64* table = memory_.template at<u64>(page);
  for (u64 i = 0; i < 512; ++i) {
    if (table[i] == 0 || !is_table(table[i], level - 1)) continue;
    give_back_table(PhysicalAddress{table[i] & nested_address_mask}, level - 1);
  }
  pool_->give_back(page);
}

template <class Format, PhysicalMemory Memory>
Result<void> NestedPageTable<Format, Memory>::map_on_demand(PhysicalAddress gpa) {
  if (raw(gpa) >= size_of(top_level + 1)) return HYPERDBG_INVALID_ADDRESS;
  const u64 start = raw(gpa) & ~(gigabyte - 1);
  u64* upper = TRY(table_below(memory_.template at<u64>(root_)[index_of(gpa, 3)]));
  u64& entry = upper[index_of(gpa, 2)];
  if (entry != 0) return {};
  TRY(map_range(entry, start, 2));
  set_plain(PhysicalAddress{start}, gigabyte, true);
  return {};
}

// One leaf becomes a table of 512 smaller ones that translate alike.
template <class Format, PhysicalMemory Memory>
Result<void> NestedPageTable<Format, Memory>::split(u64& entry, u64 level) {
  const PhysicalAddress page = TRY(pool_->take());
  u64* table = memory_.template at<u64>(page);
  const u64 start = entry & nested_address_mask;
  const Permissions permissions = Format::permissions(entry);
  const x86::MemoryType type = types_.at(start).type;
  for (u64 i = 0; i < 512; ++i) table[i] = Format::leaf(start + i * size_of(level - 1), permissions, level > 1, type);
  publish(entry, Format::table(raw(page)));
  return {};
}

template <class Format, PhysicalMemory Memory>
Result<u64*> NestedPageTable<Format, Memory>::leaf_of_page(PhysicalAddress gpa) {
  TRY(map_on_demand(gpa));
  u64* table = memory_.template at<u64>(root_);
  for (u64 level = top_level; level > 0; --level) {
    u64& entry = table[index_of(gpa, level)];
    if (!is_table(entry, level)) {
      TRY(split(entry, level));
      if (level == 1) set_plain(gpa, size_of(1), false);
    }
    table = table_at(entry);
  }
  return &table[index_of(gpa, 0)];
}

template <class Format, PhysicalMemory Memory>
Result<Flush> NestedPageTable<Format, Memory>::change(u64& entry, u64 target, Permissions permissions) {
  if (!Format::can(permissions)) return HYPERDBG_NOT_SUPPORTED;
  if ((entry & nested_address_mask) == target && Format::permissions(entry) == permissions) return Flush::unnecessary;
  publish(entry, Format::leaf(target, permissions, false, types_.at(target).type));
  ++generation_;
  return Flush::needed;
}

template <class Format, PhysicalMemory Memory>
void NestedPageTable<Format, Memory>::set_plain(PhysicalAddress gpa, u64 size, bool value) {
  const u64 first = raw(gpa) >> 21;
  for (u64 index = first; index < first + (size >> 21) && index < page_size * 8; ++index) {
    const u64 bit = 1ull << (index % 64);
    plain_[index / 64] = value ? plain_[index / 64] | bit : plain_[index / 64] & ~bit;
  }
}

template <class Format, PhysicalMemory Memory>
Result<NestedTranslation> NestedPageTable<Format, Memory>::translate(PhysicalAddress gpa) const {
  if (raw(gpa) >= size_of(top_level + 1)) return HYPERDBG_INVALID_ADDRESS;
  const u64* table = memory_.template at<u64>(root_);
  for (u64 level = top_level;; --level) {
    const u64 entry = table[index_of(gpa, level)];
    if (entry == 0) return HYPERDBG_INVALID_ADDRESS;
    if (is_table(entry, level)) {
      table = table_at(entry);
      continue;
    }
    const u64 offset = raw(gpa) & (size_of(level) - 1);
    return NestedTranslation{PhysicalAddress{(entry & nested_address_mask) + offset}, Format::permissions(entry)};
  }
}

}  // namespace hyperdbg
