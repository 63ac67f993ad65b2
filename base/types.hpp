// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <cstdint>

namespace hyperdbg {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using s32 = std::int32_t;
using s64 = std::int64_t;

// Addresses of different spaces are different types: mixing them up does not compile.
enum class PhysicalAddress : u64 {};  // of the machine; the guest's are equal, because nested paging maps one to one
enum class VirtualAddress : u64 {};   // of the guest

constexpr u64 raw(PhysicalAddress address) {
  return static_cast<u64>(address);
}
constexpr u64 raw(VirtualAddress address) {
  return static_cast<u64>(address);
}
constexpr PhysicalAddress operator+(PhysicalAddress address, u64 bytes) {
  return PhysicalAddress{raw(address) + bytes};
}
constexpr VirtualAddress operator+(VirtualAddress address, u64 bytes) {
  return VirtualAddress{raw(address) + bytes};
}

inline constexpr u64 page_size = 4096;
constexpr u64 page_of(u64 address) {
  return address & ~(page_size - 1);
}
constexpr u64 page_offset(u64 address) {
  return address & (page_size - 1);
}

}  // namespace hyperdbg
