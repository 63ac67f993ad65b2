// SPDX-License-Identifier: MIT
#pragma once
#include "base/result.hpp"
#include "base/types.hpp"
#include "hypervisor/memory/nested_page_table.hpp"

namespace hyperdbg {

struct AddressSpace {
  u64 cr3;
  u32 levels;  // 4 or 5
};

/*
 * Memory as the guest sees it: its own page tables, each access through the nested table, so that hidden pages read as
 * what the guest would find there. Only present bits count, not the guest's permissions.
 */
template <class Nested, PhysicalMemory Memory>
class GuestMemory {
 public:
  // `limit`: how much of the machine's memory the accessor reaches. Beyond it are devices: they are not touched.
  GuestMemory(Memory memory, const Nested& nested, u64 limit)
      : memory_(memory),
        plain_(nested.plain_bits()),
        quick_limit_(limit < Nested::plain_capacity ? limit : Nested::plain_capacity),
        nested_(&nested),
        limit_(limit) {}

  // Guest-physical.
  Result<PhysicalAddress> translate(AddressSpace space, VirtualAddress address) const;

  // Where the byte lies in the machine, for reading all of its page; beyond the limit: an error.
  Result<PhysicalAddress> locate(AddressSpace space, VirtualAddress address) const;

  // How many bytes could be read, up to the first that could not.
  u64 read(AddressSpace space, VirtualAddress address, void* to, u64 size) const;
  u64 read_physical(PhysicalAddress address, void* to, u64 size) const;
  // All or nothing. Refuses pages that the nested table lets nobody write.
  Result<void> write(AddressSpace space, VirtualAddress address, const void* from, u64 size) const;
  Result<void> write_physical(PhysicalAddress address, const void* from, u64 size) const;

  // The 8 bytes of an aligned address in place, for atomic operations: null where nobody may write.
  u64* cell(AddressSpace space, VirtualAddress address) const;

  // The quick forms for a script's accesses: T is u8...u64.
  template <class T>
  [[gnu::always_inline]] inline bool load(AddressSpace space, VirtualAddress address, T& value) const;
  template <class T>
  [[gnu::always_inline]] inline bool store(AddressSpace space, VirtualAddress address, T value) const;

 private:
  static constexpr u64 no_page = ~0ull;

  // Where the byte is in the machine, or no_page.
  [[gnu::always_inline]] inline u64 locate(u64 gpa, bool for_writing) const;
  [[gnu::noinline]] u64 locate_slowly(u64 gpa, bool for_writing) const;
  [[gnu::always_inline]] inline u64 walk(AddressSpace space, u64 address) const;
  [[gnu::always_inline]] inline bool step(u64 table, u64 address, u32 shift, u64& entry) const;

  [[gnu::noinline]] u64 walk_slowly(AddressSpace space, u64 address) const { return walk(space, address); }

  template <class Translate>
  u64 copy_out(u64 address, void* to, u64 size, Translate translate) const;
  template <class Translate>
  Result<void> copy_in(u64 address, const void* from, u64 size, Translate translate) const;

  [[no_unique_address]] Memory memory_;
  const u64* plain_;
  u64 quick_limit_;
  const Nested* nested_;
  u64 limit_;
};

}  // namespace hyperdbg

#include "hypervisor/memory/guest_memory.inl.hpp"
