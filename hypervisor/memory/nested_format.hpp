// SPDX-License-Identifier: MIT
#pragma once
#include "base/types.hpp"
#include "x86/memory_types.hpp"

namespace hyperdbg {

struct Permissions {
  bool read, write, execute;
  bool operator==(const Permissions&) const = default;
};
inline constexpr Permissions all_permissions{true, true, true};
inline constexpr Permissions read_only{true, false, true};

/*
 * Formats of nested table entries. Both have the address in bits 51:12, "large page" in bit 7 and leave bit 11 to
 * software, where we note that an entry is in use: a leaf without any permission is not the same as no leaf.
 */
inline constexpr u64 nested_address_mask = 0x000ffffffffff000;
inline constexpr u64 nested_large = 1 << 7;
inline constexpr u64 nested_used = 1 << 11;

// AMD APM vol. 2, 15.25.5 "Nested Table Walk": the walk is done as a user access, so U must be set everywhere; reads
// cannot be denied without denying everything. A and D are set so that the walker never has to write them. Memory types
// are those of the MTRRs without our doing (15.25.8).
struct AmdFormat {
  static constexpr u64 present = 1 << 0;
  static constexpr u64 writable = 1 << 1;
  static constexpr u64 user = 1 << 2;
  static constexpr u64 accessed_dirty = 3 << 5;
  static constexpr u64 no_execute = 1ull << 63;

  static constexpr bool can(Permissions wanted) { return wanted.read || (!wanted.write && !wanted.execute); }
  static constexpr u64 table(u64 address) { return address | nested_used | present | writable | user | 1 << 5; }
  static constexpr u64 leaf(u64 address, Permissions permissions, bool large, x86::MemoryType) {
    return address | nested_used | user | accessed_dirty | (permissions.read ? present : 0) |
           (permissions.write ? writable : 0) | (permissions.execute ? 0 : no_execute) | (large ? nested_large : 0);
  }
  static constexpr Permissions permissions(u64 entry) {
    if (!(entry & present)) return {false, false, false};
    return {true, (entry & writable) != 0, !(entry & no_execute)};
  }
};

// Intel SDM vol. 3, 29.3.2 "EPT Translation Mechanism": R, W, X in bits 2:0, memory type in bits 5:3 of a leaf, which
// takes the place of the MTRRs. Without R there must not be W; X alone needs a capability that every CPU with
// VMFUNC-era EPT has, so it is allowed here.
struct EptFormat {
  static constexpr u64 read = 1 << 0;
  static constexpr u64 write = 1 << 1;
  static constexpr u64 execute = 1 << 2;

  static constexpr bool can(Permissions wanted) { return wanted.read || !wanted.write; }
  static constexpr u64 table(u64 address) { return address | nested_used | read | write | execute; }
  static constexpr u64 leaf(u64 address, Permissions permissions, bool large, x86::MemoryType type) {
    return address | nested_used | static_cast<u64>(type) << 3 | (permissions.read ? read : 0) |
           (permissions.write ? write : 0) | (permissions.execute ? execute : 0) | (large ? nested_large : 0);
  }
  static constexpr Permissions permissions(u64 entry) {
    return {(entry & read) != 0, (entry & write) != 0, (entry & execute) != 0};
  }
};

}  // namespace hyperdbg
