// SPDX-License-Identifier: MIT
#include "hypervisor/memory/guest_memory.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <random>

#include "hypervisor/memory/fake_memory.hpp"

namespace hyperdbg::test {
namespace {

constexpr u64 size_4k = 1ull << 12, size_2m = 1ull << 21, size_1g = 1ull << 30;

class GuestMemoryTest : public testing::TestWithParam<u32> {
 public:
  using Table = NestedPageTable<AmdFormat, FakeMemory>;
  static constexpr u64 memory_size = 16 << 20;
  static constexpr u64 tables_start = 8 << 20;  // the guest's page tables
  static constexpr u64 pool_start = 12 << 20;   // our pages

  GuestMemoryTest() {
    for (u64 page = pool_start; page < memory_size; page += page_size) pool.give_back(PhysicalAddress{page});
    table.emplace(
        Table::create(memory, pool, LargestPage::one_gigabyte, x86::MemoryTypes{x86::MemoryType::write_back}).value());
    EXPECT_TRUE(table->map_identity(size_1g).ok());
    for (u64 i = 0; i < tables_start; ++i) bytes[i] = static_cast<u8>(i * 31 + (i >> 8) * 7 + (i >> 16));
  }

  // Maps one page of the guest the way an operating system does.
  void map(u64 va, u64 pa, u64 size) {
    u64 entry = space.cr3 | 1;
    for (u32 shift = space.levels == 5 ? 48 : 39;; shift -= 9) {
      u64& slot = *memory.at<u64>(PhysicalAddress{(entry & 0xffffffffff000) + (va >> shift & 511) * 8});
      if ((1ull << shift) == size) {
        slot = pa | 0x8000000000000063 | (shift != 12 ? 0x80 : 0);
        return;
      }
      if (!(slot & 1)) slot = (next_table += page_size) | 0x67;
      entry = slot;
    }
  }
  PhysicalAddress guest_entry(u64 va) {
    u64 entry = space.cr3;
    for (u32 shift = space.levels == 5 ? 48 : 39; shift > 12; shift -= 9)
      entry = *memory.at<u64>(PhysicalAddress{(entry & 0xffffffffff000) + (va >> shift & 511) * 8});
    return PhysicalAddress{(entry & 0xffffffffff000) + (va >> 12 & 511) * 8};
  }

  GuestMemory<Table, FakeMemory> guest() { return {memory, *table, memory_size}; }
  void hide(u64 page) {
    EXPECT_TRUE(table->redirect(PhysicalAddress{page}, PhysicalAddress{zero_page}, read_only).ok());
  }

  std::vector<u8> bytes = std::vector<u8>(memory_size);
  FakeMemory memory{bytes};
  PagePool<FakeMemory> pool{memory};
  std::optional<Table> table;
  static constexpr u64 zero_page = tables_start - page_size;
  u64 next_table = tables_start;
  AddressSpace space{tables_start | 0x18, GetParam()};  // cache bits and PCID do not matter
};

INSTANTIATE_TEST_SUITE_P(Levels, GuestMemoryTest, testing::Values(4, 5));

TEST_P(GuestMemoryTest, PagesOfAllSizes) {
  map(0xffff888000000000, 0, size_1g);
  map(0x7f0000200000, 0x400000, size_2m);
  map(0x7f0000001000, 0x123000, size_4k);
  const auto at = [&](u64 va) { return guest().translate(space, VirtualAddress{va}); };
  EXPECT_EQ(raw(at(0xffff888000345678).value()), 0x345678u);
  EXPECT_EQ(raw(at(0x7f0000212345).value()), 0x412345u);
  EXPECT_EQ(raw(at(0x7f0000001fff).value()), 0x123fffu);
  for (const u64 va : {0x7f0000002000ull, 0ull, 0x7f0040000000ull, 0xffff800000000000ull})
    EXPECT_EQ(at(va).status(), HYPERDBG_INVALID_ADDRESS) << va;
}

TEST_P(GuestMemoryTest, OnlyCanonicalAddresses) {
  map(0xffff888000000000, 0, size_1g);
  u64 value;
  EXPECT_TRUE(guest().load(space, VirtualAddress{0xffff888000000010}, value));
  EXPECT_FALSE(guest().load(space, VirtualAddress{0x0fff888000000010}, value));
  EXPECT_FALSE(guest().load(space, VirtualAddress{0x8fff888000000010}, value));
  EXPECT_FALSE(guest().load(space, VirtualAddress{0x888000000010}, value));  // not mapped with 5 levels
}

TEST_P(GuestMemoryTest, ReadsAcrossPagesUpToTheFirstHole) {
  map(0x10000, 0x100000, size_4k);
  map(0x11000, 0x300000, size_4k);
  std::vector<u8> read(0x3000);
  EXPECT_EQ(guest().read(space, VirtualAddress{0x10ff0}, read.data(), 0x3000), 0x1010u);
  EXPECT_EQ(std::memcmp(read.data(), &bytes[0x100ff0], 16), 0);
  EXPECT_EQ(std::memcmp(read.data() + 16, &bytes[0x300000], 0x1000), 0);
  u32 value;
  EXPECT_TRUE(guest().load(space, VirtualAddress{0x10ffe}, value));
  u8 expected[4] = {bytes[0x100ffe], bytes[0x100fff], bytes[0x300000], bytes[0x300001]};
  EXPECT_EQ(std::memcmp(&value, expected, 4), 0);
  EXPECT_FALSE(guest().load(space, VirtualAddress{0x11ffe}, value));
  EXPECT_EQ(guest().read(space, VirtualAddress{0x12000}, read.data(), 1), 0u);
}

TEST_P(GuestMemoryTest, WritesAllOrNothing) {
  map(0x10000, 0x100000, size_4k);
  map(0x11000, 0x300000, size_4k);
  const std::vector<u8> before = bytes;
  const std::vector<u8> data(0x1800, 0xab);
  EXPECT_EQ(guest().write(space, VirtualAddress{0x10900}, data.data(), 0x1800).status(), HYPERDBG_EDIT_INVALID_ADDRESS);
  EXPECT_EQ(bytes, before);
  EXPECT_TRUE(guest().write(space, VirtualAddress{0x10800}, data.data(), 0x1800).ok());
  EXPECT_EQ(std::memcmp(&bytes[0x100800], data.data(), 0x800), 0);
  EXPECT_EQ(std::memcmp(&bytes[0x300000], data.data(), 0x1000), 0);
  EXPECT_TRUE(guest().store(space, VirtualAddress{0x10ffe}, u32{0x04030201}));
  EXPECT_EQ(bytes[0x100ffe], 1);
  EXPECT_EQ(bytes[0x300001], 4);
  EXPECT_FALSE(guest().store(space, VirtualAddress{0x11ffe}, u32{5}));
  EXPECT_NE(bytes[0x300ffe], 5);
}

TEST_P(GuestMemoryTest, HiddenPagesReadAsZeroAndAreNotWritten) {
  std::memset(&bytes[zero_page], 0, page_size);
  map(0x10000, 0x100000, size_4k);
  map(0x11000, 0x101000, size_4k);
  hide(0x101000);
  u64 value = 5;
  EXPECT_TRUE(guest().load(space, VirtualAddress{0x11010}, value));
  EXPECT_EQ(value, 0u);
  EXPECT_TRUE(guest().load(space, VirtualAddress{0x10010}, value));
  EXPECT_NE(value, 0u);
  EXPECT_FALSE(guest().store(space, VirtualAddress{0x11010}, value));
  EXPECT_FALSE(guest().store(space, VirtualAddress{0x10ffc}, value));
  EXPECT_FALSE(guest().write_physical(PhysicalAddress{0x100ffc}, &value, 8).ok());
  EXPECT_TRUE(guest().write_physical(PhysicalAddress{0x100ff8}, &value, 8).ok());
  EXPECT_EQ(bytes[zero_page + 0x10], 0);
}

TEST_P(GuestMemoryTest, CellsAreAlignedWordsThatMayBeWritten) {
  std::memset(&bytes[zero_page], 0, page_size);
  map(0x10000, 0x100000, size_4k);
  map(0x11000, 0x101000, size_4k);
  map(0x12000, memory_size, size_4k);
  hide(0x101000);
  u64* cell = guest().cell(space, VirtualAddress{0x10ff8});
  ASSERT_NE(cell, nullptr);
  *cell = 0x1122334455667788;
  EXPECT_EQ(bytes[0x100ff8], 0x88);
  for (u64 wrong : {0x10004, 0x11000, 0x12000, 0x13000})
    EXPECT_EQ(guest().cell(space, VirtualAddress{wrong}), nullptr) << std::hex << wrong;
}

TEST_P(GuestMemoryTest, PagesThatOnlyTrapAreTheGuestsOwn) {
  map(0x10000, 0x100000, size_4k);
  ASSERT_TRUE(table->protect(PhysicalAddress{0x100000}, {false, false, false}).ok());
  u64 value;
  EXPECT_TRUE(guest().load(space, VirtualAddress{0x10000}, value));
  EXPECT_EQ(std::memcmp(&value, &bytes[0x100000], 8), 0);
  EXPECT_TRUE(guest().store(space, VirtualAddress{0x10000}, u64{17}));
  EXPECT_EQ(bytes[0x100000], 17);
}

TEST_P(GuestMemoryTest, AHiddenPageTableIsAnEmptyOne) {
  std::memset(&bytes[zero_page], 0, page_size);
  map(0x10000, 0x100000, size_4k);
  hide(page_of(raw(guest_entry(0x10000))));
  u8 value;
  EXPECT_FALSE(guest().load(space, VirtualAddress{0x10000}, value));
}

TEST_P(GuestMemoryTest, DevicesAreNotTouched) {
  map(0x10000, memory_size, size_4k);      // mapped by the nested table, but no memory
  map(0x11000, 0xfee00000000, size_4k);    // not even mapped
  map(0x12000, 0xfffffffffe000, size_4k);  // nonsense
  u64 value = 0;
  for (u64 va = 0x10000; va < 0x13000; va += page_size) {
    EXPECT_FALSE(guest().load(space, VirtualAddress{va}, value));
    EXPECT_FALSE(guest().store(space, VirtualAddress{va}, value));
  }
  EXPECT_EQ(guest().read_physical(PhysicalAddress{memory_size - 4}, &value, 8), 4u);
  EXPECT_EQ(guest().read_physical(PhysicalAddress{~7ull}, &value, 8), 0u);
}

TEST_P(GuestMemoryTest, RandomTablesNeverLeadOutside) {
  std::mt19937_64 random(9);
  for (u64 at = tables_start; at < tables_start + (1 << 20); at += 8)
    *memory.at<u64>(PhysicalAddress{at}) =
        random() % 4 ? tables_start + random() % 256 * page_size + (random() & 0xfff) : random();
  u8 buffer[100];
  for (int i = 0; i < 100000; ++i) {
    const u64 cr3 = random() % 8 ? tables_start + random() % 256 * page_size : random();
    guest().read({cr3, GetParam()}, VirtualAddress{random()}, buffer, random() % 100);
    (void)guest().write({cr3, GetParam()}, VirtualAddress{random() >> 17}, buffer, random() % 100);
  }
}

}  // namespace
}  // namespace hyperdbg::test
