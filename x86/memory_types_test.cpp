// SPDX-License-Identifier: MIT
#include "x86/memory_types.hpp"

#include <gtest/gtest.h>

#include <map>

namespace hyperdbg::x86 {
namespace {

constexpr u64 mib = 1 << 20, gib = 1 << 30;
constexpr u64 enabled = 1 << 11, fixed_enabled = 1 << 10, valid = 1 << 11;

// A processor's MSRs; one that is not there is a mistake of the code under test.
class Mtrrs {
 public:
  explicit Mtrrs(u64 default_type, u64 variable = 8, bool fixed = true) {
    set(Msr::MTRRCAP, variable | (fixed ? 1 << 8 : 0));
    set(Msr::MTRR_DEF_TYPE, default_type);
    for (u32 i = 0; i < variable; ++i) range(i, 0, 0, MemoryType::uncacheable, 0);
    for (const u32 msr : {0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f}) msrs_[msr] = 0;
  }
  void set(Msr msr, u64 value) { msrs_[static_cast<u32>(msr)] = value; }
  void range(u32 number, u64 start, u64 size, MemoryType type, u64 flags = valid, u32 bits = 39) {
    msrs_[0x200 + 2 * number] = start | static_cast<u64>(type);
    msrs_[0x201 + 2 * number] = (~(size - 1) & ((1ull << bits) - 1) & ~0xfffull) | flags;
  }
  MemoryTypes types(u32 bits = 39) const {
    return MemoryTypes::from_mtrrs([this](Msr msr) { return msrs_.at(static_cast<u32>(msr)); }, bits);
  }

 private:
  std::map<u32, u64> msrs_;
};

void expect(const MemoryTypes& types, u64 address, MemoryType type, u64 end) {
  const MemoryTypes::Range found = types.at(address);
  EXPECT_EQ(found.type, type) << std::hex << address;
  EXPECT_EQ(found.end, end) << std::hex << address;
}

TEST(MemoryTypes, OneTypeEverywhere) {
  expect(MemoryTypes{MemoryType::write_back}, 0xfee00000, MemoryType::write_back, ~0ull);
}

TEST(MemoryTypes, SwitchedOffMeansUncacheable) {
  Mtrrs mtrrs{static_cast<u64>(MemoryType::write_back)};
  mtrrs.range(0, 0, gib, MemoryType::write_back);
  expect(mtrrs.types(), 0x1000, MemoryType::uncacheable, ~0ull);
}

TEST(MemoryTypes, VariableRangeOverTheDefault) {
  Mtrrs mtrrs{enabled | static_cast<u64>(MemoryType::write_back)};
  mtrrs.range(0, 3 * gib, gib, MemoryType::uncacheable);
  const MemoryTypes types = mtrrs.types();
  expect(types, 0, MemoryType::write_back, 3 * gib);
  expect(types, 3 * gib, MemoryType::uncacheable, 4 * gib);
  expect(types, 4 * gib - 1, MemoryType::uncacheable, 4 * gib);
  expect(types, 4 * gib, MemoryType::write_back, ~0ull);
}

TEST(MemoryTypes, OverlapsByPrecedence) {
  Mtrrs mtrrs{enabled | static_cast<u64>(MemoryType::uncacheable)};
  mtrrs.range(0, 0, 4 * gib, MemoryType::write_back);
  mtrrs.range(1, 2 * gib, gib, MemoryType::uncacheable);
  mtrrs.range(2, gib, 256 * mib, MemoryType::write_through);
  mtrrs.range(3, 0, 256 * mib, MemoryType::write_combining);  // undefined beside write-back
  const MemoryTypes types = mtrrs.types();
  expect(types, 0, MemoryType::uncacheable, 256 * mib);
  expect(types, 256 * mib, MemoryType::write_back, gib);
  expect(types, gib, MemoryType::write_through, gib + 256 * mib);
  expect(types, gib + 256 * mib, MemoryType::write_back, 2 * gib);
  expect(types, 2 * gib, MemoryType::uncacheable, 3 * gib);
  expect(types, 4 * gib, MemoryType::uncacheable, ~0ull);
}

TEST(MemoryTypes, InvalidRangesDoNotCount) {
  Mtrrs mtrrs{enabled | static_cast<u64>(MemoryType::write_back)};
  mtrrs.range(0, 0, gib, MemoryType::uncacheable, 0);
  expect(mtrrs.types(), 0, MemoryType::write_back, ~0ull);
}

TEST(MemoryTypes, BitsAboveThePhysicalAddressAreIgnored) {
  Mtrrs mtrrs{enabled | static_cast<u64>(MemoryType::write_back)};
  mtrrs.range(0, gib, gib, MemoryType::uncacheable, valid, 52);
  expect(mtrrs.types(36), gib, MemoryType::uncacheable, 2 * gib);
}

TEST(MemoryTypes, FixedRangesGoBeforeVariableOnes) {
  Mtrrs mtrrs{enabled | fixed_enabled | static_cast<u64>(MemoryType::uncacheable)};
  mtrrs.range(0, 0, gib, MemoryType::write_back);
  mtrrs.set(Msr::MTRR_FIX64K_00000, 0x0606060606060606);
  mtrrs.set(Msr::MTRR_FIX16K_80000, 0x0006060606060606);
  mtrrs.set(Msr::MTRR_FIX4K_C8000, 0x0500000000000000);
  mtrrs.set(Msr::MTRR_FIX4K_F8000, 0x0400000000000000);
  const MemoryTypes types = mtrrs.types();
  expect(types, 0, MemoryType::write_back, 0x10000);
  expect(types, 0x7ffff, MemoryType::write_back, 0x80000);
  expect(types, 0x98000, MemoryType::write_back, 0x9c000);
  expect(types, 0x9c000, MemoryType::uncacheable, 0xa0000);
  expect(types, 0xa0000, MemoryType::uncacheable, 0xa4000);
  expect(types, 0xcf123, MemoryType::write_protected, 0xd0000);
  expect(types, 0xfffff, MemoryType::write_through, 0x100000);
  expect(types, mib, MemoryType::write_back, gib);
}

TEST(MemoryTypes, FixedRangesThatAreOff) {
  Mtrrs mtrrs{enabled | static_cast<u64>(MemoryType::uncacheable)};
  mtrrs.range(0, 0, gib, MemoryType::write_back);
  expect(mtrrs.types(), 0xa0000, MemoryType::write_back, gib);
}

TEST(PatValid, OnlyMemoryTypes) {
  EXPECT_TRUE(pat_valid(0x0407010500070106));
  EXPECT_TRUE(pat_valid(0));
  EXPECT_FALSE(pat_valid(0x0200000000000000));
  EXPECT_FALSE(pat_valid(3));
  EXPECT_FALSE(pat_valid(0x08));
}

}  // namespace
}  // namespace hyperdbg::x86
