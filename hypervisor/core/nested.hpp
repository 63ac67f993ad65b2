// SPDX-License-Identifier: MIT
#pragma once
#include "abi/image.h"
#include "hypervisor/memory/guest_memory.hpp"
#include "hypervisor/memory/nested_page_table.hpp"

namespace hyperdbg {

// All physical memory, through the image's direct map.
struct DirectMap {
  template <class T>
  T* at(PhysicalAddress address) const {
    return reinterpret_cast<T*>(HYPERDBG_DIRECT_MAP + raw(address));
  }
};

// The format of the backend that was chosen at load.
struct NestedFormat {
  bool (*can)(Permissions);
  u64 (*table)(u64);
  u64 (*leaf)(u64, Permissions, bool, x86::MemoryType);
  Permissions (*permissions)(u64);
};
template <class Format>
inline constexpr NestedFormat nested_format{Format::can, Format::table, Format::leaf, Format::permissions};
extern const NestedFormat* selected_nested_format;

struct SelectedFormat {
  static bool can(Permissions wanted) { return selected_nested_format->can(wanted); }
  static u64 table(u64 address) { return selected_nested_format->table(address); }
  static u64 leaf(u64 address, Permissions permissions, bool large, x86::MemoryType type) {
    return selected_nested_format->leaf(address, permissions, large, type);
  }
  static Permissions permissions(u64 entry) { return selected_nested_format->permissions(entry); }
};

// What nested paging is on this machine: a backend's answer to Machine::start().
struct NestedPaging {
  const NestedFormat& format;
  LargestPage largest;
  x86::MemoryTypes types;
};

using Pool = PagePool<DirectMap>;
using Nested = NestedPageTable<SelectedFormat, DirectMap>;
using Guest = GuestMemory<Nested, DirectMap>;

}  // namespace hyperdbg
