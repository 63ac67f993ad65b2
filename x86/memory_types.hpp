// SPDX-License-Identifier: MIT
#pragma once
#include "base/field.hpp"
#include "x86/msr.hpp"

// Memory types by physical address. Intel SDM vol. 3, 12.11 "Memory Type Range Registers".
namespace hyperdbg::x86 {

enum class MemoryType : u8 {
  uncacheable = 0,
  write_combining = 1,
  write_through = 4,
  write_protected = 5,
  write_back = 6,
};

struct MtrrCapability : Register<MtrrCapability> {
  static constexpr Field<8, 8, bool> fixed_ranges{};
  static constexpr Field<7, 0, u8> variable_ranges{};
};
struct MtrrDefaultType : Register<MtrrDefaultType> {
  static constexpr Field<11, 11, bool> enabled{};
  static constexpr Field<10, 10, bool> fixed_enabled{};
  static constexpr Field<7, 0, MemoryType> type{};
};
struct MtrrMask : Register<MtrrMask> {
  static constexpr Field<11, 11, bool> valid{};
};

// 12.11.4.1 "MTRR Precedences"; what the manual leaves undefined is uncacheable.
constexpr MemoryType combined(MemoryType one, MemoryType other) {
  using enum MemoryType;
  if (one == other) return one;
  if ((one == write_through && other == write_back) || (one == write_back && other == write_through))
    return write_through;
  return uncacheable;
}

class MemoryTypes {
 public:
  struct Range {
    MemoryType type;
    u64 end;  // the first address that may have another type
  };

  constexpr explicit MemoryTypes(MemoryType everywhere) : default_(everywhere) {}

  // As the MTRRs say; `read_msr` is a function from Msr to u64. Call only where CPUID offers MTRRs.
  template <class ReadMsr>
  static constexpr MemoryTypes from_mtrrs(ReadMsr read_msr, u32 physical_address_bits) {
    const MtrrDefaultType fallback{read_msr(Msr::MTRR_DEF_TYPE)};
    if (!fallback.get(MtrrDefaultType::enabled)) return MemoryTypes{MemoryType::uncacheable};
    MemoryTypes types{fallback.get(MtrrDefaultType::type)};
    const MtrrCapability capability{read_msr(Msr::MTRRCAP)};
    if (capability.get(MtrrCapability::fixed_ranges) && fallback.get(MtrrDefaultType::fixed_enabled))
      types.read_fixed(read_msr);
    for (u32 i = 0; i < capability.get(MtrrCapability::variable_ranges); ++i) {
      const u64 base = read_msr(numbered(Msr::MTRR_PHYSBASE0, 2 * i));
      const u64 mask = read_msr(numbered(Msr::MTRR_PHYSMASK0, 2 * i));
      types.add_variable(base, mask, physical_address_bits);
    }
    return types;
  }

  // The type at `address`, and up to where it holds.
  constexpr Range at(u64 address) const {
    if (fixed_enabled_ && address < fixed_end) return fixed_at(address);
    Range range{default_, ~0ull};
    bool found = false;
    for (u32 i = 0; i < count_; ++i) {
      const Variable& variable = variable_[i];
      if (address < variable.start) {
        if (variable.start < range.end) range.end = variable.start;
      } else if (address < variable.end) {
        if (variable.end < range.end) range.end = variable.end;
        range.type = found ? combined(range.type, variable.type) : variable.type;
        found = true;
      }
    }
    return range;
  }

 private:
  struct Variable {
    u64 start, end;
    MemoryType type;
  };
  static constexpr u64 fixed_end = 1 << 20;
  static constexpr u32 fixed_registers = 11, maximum_variable = 32;

  static constexpr Msr numbered(Msr first, u32 offset) { return static_cast<Msr>(static_cast<u32>(first) + offset); }

  template <class ReadMsr>
  constexpr void read_fixed(ReadMsr read_msr) {
    constexpr Msr registers[fixed_registers] = {Msr::MTRR_FIX64K_00000, Msr::MTRR_FIX16K_80000, Msr::MTRR_FIX16K_A0000,
                                                Msr::MTRR_FIX4K_C0000,  Msr::MTRR_FIX4K_C8000,  Msr::MTRR_FIX4K_D0000,
                                                Msr::MTRR_FIX4K_D8000,  Msr::MTRR_FIX4K_E0000,  Msr::MTRR_FIX4K_E8000,
                                                Msr::MTRR_FIX4K_F0000,  Msr::MTRR_FIX4K_F8000};
    for (u32 i = 0; i < fixed_registers; ++i) fixed_[i] = read_msr(registers[i]);
    fixed_enabled_ = true;
  }

  // Masks are taken as contiguous, as firmware and operating systems write them.
  constexpr void add_variable(u64 base, u64 mask, u32 physical_address_bits) {
    const u64 address_mask = ((1ull << physical_address_bits) - 1) & ~0xfffull;
    const u64 bits = mask & address_mask;
    if (!MtrrMask{mask}.get(MtrrMask::valid) || bits == 0 || count_ == maximum_variable) return;
    const u64 start = base & bits;
    variable_[count_++] = {start, start + (bits & ~(bits - 1)), static_cast<MemoryType>(base & 0xff)};
  }

  // Eight ranges in each register: 64 KiB, 16 KiB, then 4 KiB long.
  constexpr Range fixed_at(u64 address) const {
    const u32 shift = address < 0x80000 ? 16 : address < 0xc0000 ? 14 : 12;
    const u64 first = address < 0x80000 ? 0 : address < 0xc0000 ? 0x80000 : 0xc0000;
    const u64 first_range = address < 0x80000 ? 0 : address < 0xc0000 ? 8 : 24;
    const u64 range = first_range + ((address - first) >> shift);
    return {static_cast<MemoryType>(fixed_[range / 8] >> 8 * (range % 8)), ((address >> shift) + 1) << shift};
  }

  MemoryType default_;
  bool fixed_enabled_ = false;
  u32 count_ = 0;
  u64 fixed_[fixed_registers] = {};
  Variable variable_[maximum_variable] = {};
};

}  // namespace hyperdbg::x86
