// SPDX-License-Identifier: MIT
#pragma once
#include <atomic>

#include "base/result.hpp"
#include "base/types.hpp"
#include "hypervisor/memory/nested_format.hpp"
#include "hypervisor/memory/page_pool.hpp"

namespace hyperdbg {

struct NestedTranslation {
  PhysicalAddress address;
  Permissions permissions;
};

enum class Flush : u8 {
  unnecessary,
  needed,  // TLBs may hold what was true before
};

enum class LargestPage : u8 { two_megabytes = 1, one_gigabyte = 2 };  // the level of such a leaf

/*
 * Guest-physical to machine addresses: the identity, except where protect() and redirect() said otherwise. Memory is
 * mapped with the largest leaves that have one memory type, and split on demand; tables come from the pool and stay.
 * When the pool is exhausted the call fails and the table translates as before. No locking: callers hold all cores
 * stopped.
 */
template <class Format, PhysicalMemory Memory>
class NestedPageTable {
 public:
  using Pool = PagePool<Memory>;

  static Result<NestedPageTable> create(Memory memory, Pool& pool, LargestPage largest, const x86::MemoryTypes& types) {
    const PhysicalAddress root = TRY(pool.take());
    auto plain = pool.take();
    if (!plain.ok()) {
      pool.give_back(root);
      return plain.status();
    }
    return NestedPageTable(memory, pool, largest, types, root, plain.value());
  }

  PhysicalAddress root() const { return root_; }
  // Changes with each `Flush::needed`, for cores that flush later than the one that made the change.
  u64 generation() const { return generation_; }

  // Maps [0, end) one to one; what is mapped already stays as it is.
  Result<void> map_identity(u64 end) {
    for (u64 address = 0; address < end; address += gigabyte) TRY(map_on_demand(PhysicalAddress{address}));
    return {};
  }

  // Maps the 1 GiB around `gpa` if nothing is mapped there. Absent entries are not cached by TLBs: no flush.
  Result<void> map_on_demand(PhysicalAddress gpa);

  // The page keeps its target and gets these permissions.
  Result<Flush> protect(PhysicalAddress gpa, Permissions permissions) {
    u64* entry = TRY(leaf_of_page(gpa));
    return change(*entry, *entry & nested_address_mask, permissions);
  }
  // The guest sees the page `target` at `gpa`.
  Result<Flush> redirect(PhysicalAddress gpa, PhysicalAddress target, Permissions permissions) {
    u64* entry = TRY(leaf_of_page(gpa));
    return change(*entry, page_of(raw(target)), permissions);
  }
  // As if protect() and redirect() had never been called for this page.
  Result<Flush> restore(PhysicalAddress gpa) { return redirect(gpa, gpa, all_permissions); }

  Result<NestedTranslation> translate(PhysicalAddress gpa) const;

  // True: mapped one to one with all permissions. False: ask translate(). This is the quick question of guest memory
  // accesses, answered by one bit for each 2 MiB; beyond the capacity the answer is always false.
  static constexpr u64 plain_capacity = page_size * 8 << 21;
  const u64* plain_bits() const { return plain_; }
  static bool plain(const u64* bits, u64 gpa) { return bits[gpa >> 27] >> (gpa >> 21 & 63) & 1; }
  bool plain(PhysicalAddress gpa) const { return raw(gpa) < plain_capacity && plain(plain_, raw(gpa)); }

 private:
  static constexpr u64 gigabyte = 1ull << 30;
  static constexpr u64 top_level = 3;
  static constexpr u64 size_of(u64 level) { return page_size << (9 * level); }
  static constexpr bool is_table(u64 entry, u64 level) { return level != 0 && !(entry & nested_large); }

  NestedPageTable(Memory memory, Pool& pool, LargestPage largest, const x86::MemoryTypes& types, PhysicalAddress root,
                  PhysicalAddress plain)
      : memory_(memory),
        pool_(&pool),
        types_(types),
        root_(root),
        plain_(memory.template at<u64>(plain)),
        largest_(static_cast<u64>(largest)) {}

  u64* table_at(u64 entry) const { return memory_.template at<u64>(PhysicalAddress{entry & nested_address_mask}); }
  static u64 index_of(PhysicalAddress gpa, u64 level) { return raw(gpa) >> (12 + 9 * level) & 511; }
  // The walker may read the entry at any time: everything that it leads to is complete before.
  static void publish(u64& entry, u64 value) { std::atomic_ref(entry).store(value, std::memory_order_release); }

  Result<u64*> table_below(u64& entry);
  Result<void> map_range(u64& entry, u64 start, u64 level);
  void give_back_table(PhysicalAddress page, u64 level);
  Result<void> split(u64& entry, u64 level);
  Result<u64*> leaf_of_page(PhysicalAddress gpa);
  Result<Flush> change(u64& entry, u64 target, Permissions permissions);
  void set_plain(PhysicalAddress gpa, u64 size, bool value);

  [[no_unique_address]] Memory memory_;
  Pool* pool_;
  x86::MemoryTypes types_;
  PhysicalAddress root_;
  u64* plain_;
  u64 largest_;
  u64 generation_ = 0;
};

}  // namespace hyperdbg

#include "hypervisor/memory/nested_page_table.inl.hpp"
