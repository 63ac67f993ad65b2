// SPDX-License-Identifier: MIT
#pragma once
#include <map>
#include <optional>

#include "hypervisor/memory/fake_memory.hpp"
#include "hypervisor/memory/nested_format.hpp"

namespace hyperdbg::test {

enum class Access { read, write, execute };

// The bits as the manuals have them, written down independently of the formats under test.
struct AmdBits {
  using Format = AmdFormat;
  static bool allows(u64 entry, Access access) {
    if (!(entry & 1) || !(entry & 4)) return false;
    if (access == Access::write) return entry & 2;
    return access != Access::execute || !(entry >> 63);
  }
};
struct EptBits {
  using Format = EptFormat;
  static bool allows(u64 entry, Access access) { return entry & (1 << static_cast<int>(access)); }
};

/*
 * A processor's nested walk with a TLB that never forgets by itself: each successful walk is remembered for its whole
 * page, small or large, with the accesses that it allowed, until flush(). Nothing is remembered of a walk that failed.
 */
template <class Bits>
class FakeMmu {
 public:
  FakeMmu(FakeMemory memory, PhysicalAddress root) : memory_(memory), root_(raw(root)) {}

  std::optional<u64> access(u64 gpa, Access access) {
    if (const Entry* entry = cached(gpa)) {
      if (entry->allowed[static_cast<int>(access)]) return entry->target + (gpa - entry->start);
    }
    const auto entry = walk(gpa);
    if (!entry || !entry->allowed[static_cast<int>(access)]) return {};
    tlb_[entry->start] = *entry;
    return entry->target + (gpa - entry->start);
  }
  void flush() { tlb_.clear(); }

 private:
  struct Entry {
    u64 start, size, target;
    bool allowed[3];
  };

  const Entry* cached(u64 gpa) const {
    auto after = tlb_.upper_bound(gpa);
    while (after != tlb_.begin()) {
      --after;
      if (gpa - after->first < after->second.size) return &after->second;
      if (gpa - after->first > (1ull << 30)) break;
    }
    return nullptr;
  }

  std::optional<Entry> walk(u64 gpa) const {
    bool allowed[3] = {true, true, true};
    u64 table = root_;
    for (int level = 3;; --level) {
      const u64 entry = *memory_.at<u64>(PhysicalAddress{table + (gpa >> (12 + 9 * level) & 511) * 8});
      bool any = false;
      for (int access = 0; access < 3; ++access)
        any |= allowed[access] &= Bits::allows(entry, static_cast<Access>(access));
      if (!any) return {};
      const u64 address = entry & 0x000ffffffffff000;
      if (level == 0 || entry & 0x80) {
        if (level == 3) std::abort();
        const u64 size = 1ull << (12 + 9 * level);
        if (address % size != 0) std::abort();
        return Entry{gpa & ~(size - 1), size, address, {allowed[0], allowed[1], allowed[2]}};
      }
      table = address;
    }
  }

  FakeMemory memory_;
  u64 root_;
  std::map<u64, Entry> tlb_;
};

}  // namespace hyperdbg::test
