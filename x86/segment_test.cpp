// SPDX-License-Identifier: MIT
#include "x86/segment.hpp"

#include <gtest/gtest.h>

namespace hyperdbg::x86 {
namespace {

// As Linux has them: __USER_DS, __KERNEL_CS, and made up ones.
constexpr u64 user_data = 0x00cff3000000ffff, kernel_code = 0x00af9b000000ffff, kernel_data = 0x00cf93000000ffff;

SegmentLoad load(u16 selector, u64 descriptor) {
  SegmentRegister loaded;
  return load_data_segment(selector, descriptor, loaded);
}

TEST(Segment, HiddenPartsComeFromTheDescriptor) {
  SegmentRegister loaded;
  ASSERT_EQ(load_data_segment(0x2b, user_data, loaded), SegmentLoad::done);
  EXPECT_EQ(loaded.selector, 0x2b);
  EXPECT_EQ(loaded.attributes, 0xcf3);
  EXPECT_EQ(loaded.limit, 0xffffffffu);
  EXPECT_EQ(loaded.base, 0u);
  // Byte granular, with a base, not yet accessed.
  ASSERT_EQ(load_data_segment(0x33, 0x1240f2345678ffff, loaded), SegmentLoad::done);
  EXPECT_EQ(loaded.attributes, 0x4f3);
  EXPECT_EQ(loaded.limit, 0xffffu);
  EXPECT_EQ(loaded.base, 0x12345678u);
}

TEST(Segment, WhatCannotBeLoadedFaults) {
  EXPECT_EQ(load(0x18, kernel_data), SegmentLoad::done);
  EXPECT_EQ(load(0x1b, kernel_data), SegmentLoad::general_protection) << "asks for less than it takes";
  EXPECT_EQ(load(0x10, kernel_code), SegmentLoad::done) << "readable code";
  EXPECT_EQ(load(0x10, kernel_code & ~(1ull << 41)), SegmentLoad::general_protection) << "not readable";
  EXPECT_EQ(load(0x40, 0), SegmentLoad::general_protection) << "a hole";
  EXPECT_EQ(load(0x40, 0x00008b0000000067), SegmentLoad::general_protection) << "a TSS";
  EXPECT_EQ(load(0x2b, user_data & ~(1ull << 47)), SegmentLoad::not_present);
  EXPECT_EQ(load(0x13, kernel_code | 1ull << 42), SegmentLoad::done) << "conforming code";
}

TEST(Segment, SelectorsSayWhereTheirDescriptorIs) {
  EXPECT_TRUE(is_null(3));
  EXPECT_FALSE(is_null(4));
  EXPECT_TRUE(in_local_table(7));
  EXPECT_EQ(table_offset(0x2b), 0x28);
}

}  // namespace
}  // namespace hyperdbg::x86
