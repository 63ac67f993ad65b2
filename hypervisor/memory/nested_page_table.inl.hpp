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

template <class Format, PhysicalMemory Memory>
Result<void> NestedPageTable<Format, Memory>::map_on_demand(PhysicalAddress gpa) {
  if (raw(gpa) >= size_of(top_level + 1)) return HYPERDBG_INVALID_ADDRESS;
  const u64 start = raw(gpa) & ~(gigabyte - 1);
  u64* upper = TRY(table_below(memory_.template at<u64>(root_)[index_of(gpa, 3)]));
  u64& entry = upper[index_of(gpa, 2)];
  if (entry != 0) return {};
  if (largest_ == 2) {
    publish(entry, Format::leaf(start, all_permissions, true));
  } else {
    const PhysicalAddress page = TRY(pool_->take());
    u64* table = memory_.template at<u64>(page);
    for (u64 i = 0; i < 512; ++i) table[i] = Format::leaf(start + i * size_of(1), all_permissions, true);
    publish(entry, Format::table(raw(page)));
  }
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
  for (u64 i = 0; i < 512; ++i) table[i] = Format::leaf(start + i * size_of(level - 1), permissions, level > 1);
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
  publish(entry, Format::leaf(target, permissions, false));
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
