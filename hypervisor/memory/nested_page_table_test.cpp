// SPDX-License-Identifier: MIT
#include "hypervisor/memory/nested_page_table.hpp"

#include <gtest/gtest.h>

#include <random>

#include "hypervisor/memory/fake_mmu.hpp"

namespace hyperdbg::test {
namespace {

constexpr u64 gigabyte = 1ull << 30;
constexpr Permissions nobody{false, false, false};

// Guest memory is only talked about; what is really there is room for tables.
template <class Bits>
class NestedPageTableTest : public testing::Test {
 public:
  using Format = typename Bits::Format;
  using Table = NestedPageTable<Format, FakeMemory>;

  void donate(u64 pages) {
    for (; pages > 0; --pages) pool.give_back(PhysicalAddress{next_page += page_size});
  }
  Table make(LargestPage largest = LargestPage::one_gigabyte,
             x86::MemoryTypes types = x86::MemoryTypes{x86::MemoryType::write_back}) {
    auto table = Table::create(memory, pool, largest, types);
    EXPECT_TRUE(table.ok());
    return table.value();
  }

  std::vector<u8> bytes = std::vector<u8>(8 << 20);
  FakeMemory memory{bytes};
  PagePool<FakeMemory> pool{memory};
  u64 next_page = 0;
};

using AllBits = testing::Types<AmdBits, EptBits>;
TYPED_TEST_SUITE(NestedPageTableTest, AllBits);

// Whether the processor sees exactly this at `gpa`.
template <class Mmu>
bool sees(Mmu& mmu, u64 gpa, u64 target, Permissions permissions) {
  const auto one = [&](Access access, bool allowed) {
    const auto found = mmu.access(gpa, access);
    return allowed ? found == target : !found;
  };
  return one(Access::read, permissions.read) && one(Access::write, permissions.write) &&
         one(Access::execute, permissions.execute);
}

template <class Mmu>
void obey(Mmu& mmu, const Result<Flush>& result) {
  ASSERT_TRUE(result.ok());
  if (result.value() == Flush::needed) mmu.flush();
}

TYPED_TEST(NestedPageTableTest, IdentityWithEitherLargestPage) {
  for (const LargestPage largest : {LargestPage::one_gigabyte, LargestPage::two_megabytes}) {
    this->donate(20);
    auto table = this->make(largest);
    ASSERT_TRUE(table.map_identity(3 * gigabyte + 5).ok());
    FakeMmu<TypeParam> mmu(this->memory, table.root());
    for (u64 gpa = 0; gpa < 4 * gigabyte; gpa += 77777777) {
      EXPECT_TRUE(sees(mmu, gpa, gpa, all_permissions));
      EXPECT_TRUE(table.plain(PhysicalAddress{gpa}));
    }
    EXPECT_FALSE(mmu.access(4 * gigabyte, Access::read));
    EXPECT_EQ(table.translate(PhysicalAddress{4 * gigabyte}).status(), HYPERDBG_INVALID_ADDRESS);
    EXPECT_FALSE(table.plain(PhysicalAddress{4 * gigabyte}));
  }
}

TYPED_TEST(NestedPageTableTest, MissingRegionsAreMappedOnDemand) {
  this->donate(20);
  auto table = this->make();
  FakeMmu<TypeParam> mmu(this->memory, table.root());
  for (const u64 gpa : {0xfd'0000'0000ull, 0x10ull, 0x7fff'ffff'f000ull}) {
    EXPECT_FALSE(mmu.access(gpa, Access::read));
    EXPECT_TRUE(table.map_on_demand(PhysicalAddress{gpa}).ok());
    EXPECT_TRUE(sees(mmu, gpa, gpa, all_permissions));
  }
  EXPECT_EQ(table.map_on_demand(PhysicalAddress{1ull << 48}).status(), HYPERDBG_INVALID_ADDRESS);
  EXPECT_EQ(table.translate(PhysicalAddress{1ull << 48}).status(), HYPERDBG_INVALID_ADDRESS);
}

TYPED_TEST(NestedPageTableTest, AForgottenFlushWouldBeSeen) {
  this->donate(20);
  auto table = this->make();
  FakeMmu<TypeParam> mmu(this->memory, table.root());
  ASSERT_TRUE(table.map_identity(gigabyte).ok());
  EXPECT_TRUE(mmu.access(0x5000, Access::write));
  const auto result = table.protect(PhysicalAddress{0x5000}, read_only);
  EXPECT_EQ(result.value(), Flush::needed);
  EXPECT_TRUE(mmu.access(0x5000, Access::write)) << "the fake is supposed to have a stale translation here";
  mmu.flush();
  EXPECT_FALSE(mmu.access(0x5000, Access::write));
}

TYPED_TEST(NestedPageTableTest, SplittingLeavesAllOthersAlone) {
  this->donate(20);
  auto table = this->make();
  FakeMmu<TypeParam> mmu(this->memory, table.root());
  ASSERT_TRUE(table.map_identity(2 * gigabyte).ok());
  const u64 page = 0x40000000 - 0x1000, zero = 0x3000;
  obey(mmu, table.redirect(PhysicalAddress{page}, PhysicalAddress{zero}, read_only));
  EXPECT_TRUE(sees(mmu, page + 8, zero + 8, read_only));
  for (u64 gpa = 0; gpa < 2 * gigabyte; gpa += 0x1ff000)
    EXPECT_TRUE(gpa == page || sees(mmu, gpa, gpa, all_permissions)) << gpa;
  for (u64 gpa = page - 600 * page_size; gpa < page; gpa += page_size)
    EXPECT_TRUE(sees(mmu, gpa, gpa, all_permissions)) << gpa;
  EXPECT_FALSE(table.plain(PhysicalAddress{page}));
  EXPECT_TRUE(table.plain(PhysicalAddress{page - (2 << 20)}));
}

TYPED_TEST(NestedPageTableTest, SayingTheSameAgainNeedsNoFlush) {
  this->donate(20);
  auto table = this->make();
  ASSERT_TRUE(table.map_identity(gigabyte).ok());
  EXPECT_EQ(table.protect(PhysicalAddress{0x5000}, nobody).value(), Flush::needed);
  const u64 generation = table.generation();
  EXPECT_EQ(table.protect(PhysicalAddress{0x5000}, nobody).value(), Flush::unnecessary);
  EXPECT_EQ(table.generation(), generation);
  EXPECT_EQ(table.restore(PhysicalAddress{0x5000}).value(), Flush::needed);
  EXPECT_NE(table.generation(), generation);
  EXPECT_EQ(table.restore(PhysicalAddress{0x5000}).value(), Flush::unnecessary);
}

TYPED_TEST(NestedPageTableTest, ImpossiblePermissionsAreRefused) {
  this->donate(20);
  auto table = this->make();
  EXPECT_EQ(table.protect(PhysicalAddress{0x5000}, {false, true, false}).status(), HYPERDBG_NOT_SUPPORTED);
  const Result<Flush> execute_only = table.protect(PhysicalAddress{0x5000}, {false, false, true});
  EXPECT_EQ(execute_only.ok(), (std::is_same_v<TypeParam, EptBits>));
}

TYPED_TEST(NestedPageTableTest, RandomChangesUnderATlb) {
  this->donate(1500);
  auto table = this->make();
  ASSERT_TRUE(table.map_identity(4 * gigabyte).ok());
  FakeMmu<TypeParam> mmu(this->memory, table.root());
  std::map<u64, NestedTranslation> changed;
  std::mt19937_64 random(7);
  const auto some_page = [&] {
    return (random() % 3 * gigabyte) + random() % 4 * (2 << 20) + random() % 16 * page_size;
  };
  const Permissions choices[] = {all_permissions, read_only, nobody, {true, true, false}, {true, false, false}};
  for (int i = 0; i < 20000; ++i) {
    const u64 page = some_page();
    NestedTranslation& now = changed.try_emplace(page, PhysicalAddress{page}, all_permissions).first->second;
    const Permissions permissions = choices[random() % 5];
    switch (random() % 3) {
      case 0:
        obey(mmu, table.protect(PhysicalAddress{page}, permissions));
        now.permissions = permissions;
        break;
      case 1:
        now = {PhysicalAddress{random() % 512 * page_size}, permissions};
        obey(mmu, table.redirect(PhysicalAddress{page}, now.address, permissions));
        break;
      default:
        now = {PhysicalAddress{page}, all_permissions};
        obey(mmu, table.restore(PhysicalAddress{page}));
    }
    for (int look = 0; look < 6; ++look) {
      const u64 gpa = (look == 0 ? page : some_page());
      const auto known = changed.find(gpa);
      const NestedTranslation expected =
          known == changed.end() ? NestedTranslation{PhysicalAddress{gpa}, all_permissions} : known->second;
      ASSERT_TRUE(sees(mmu, gpa, raw(expected.address), expected.permissions)) << std::hex << gpa;
      const auto translated = table.translate(PhysicalAddress{gpa + 5});
      ASSERT_TRUE(translated.ok());
      ASSERT_EQ(raw(translated.value().address), raw(expected.address) + 5);
      ASSERT_EQ(translated.value().permissions, expected.permissions);
      if (table.plain(PhysicalAddress{gpa})) {
        ASSERT_EQ(raw(expected.address), gpa);
        ASSERT_EQ(expected.permissions, all_permissions);
      }
    }
  }
}

TYPED_TEST(NestedPageTableTest, AnExhaustedPoolIsACleanFailure) {
  this->donate(1);
  EXPECT_EQ(TestFixture::Table::create(this->memory, this->pool, LargestPage::one_gigabyte,
                                       x86::MemoryTypes{x86::MemoryType::write_back})
                .status(),
            HYPERDBG_POOL_EMPTY);
  EXPECT_EQ(this->pool.count(), 1u);
  this->donate(1);
  auto table = this->make();
  FakeMmu<TypeParam> mmu(this->memory, table.root());
  EXPECT_EQ(table.map_identity(gigabyte).status(), HYPERDBG_POOL_EMPTY);
  this->donate(1);
  EXPECT_TRUE(table.map_identity(gigabyte).ok());
  for (int missing = 0; missing < 2; ++missing) {
    EXPECT_EQ(table.protect(PhysicalAddress{0x5000}, read_only).status(), HYPERDBG_POOL_EMPTY);
    for (const u64 gpa : {0x4000, 0x5000, 0x200000, 0x3ffff000}) EXPECT_TRUE(sees(mmu, gpa, gpa, all_permissions));
    this->donate(1);
  }
  obey(mmu, table.protect(PhysicalAddress{0x5000}, read_only));
  EXPECT_TRUE(sees(mmu, 0x5000, 0x5000, read_only));
  EXPECT_TRUE(sees(mmu, 0x4000, 0x4000, all_permissions));
}

// Below 1 MiB one type for each 4 KiB, and devices in the upper half of the fourth gigabyte.
x86::MemoryTypes mixed_types() {
  constexpr u64 enabled = 3 << 10, write_back = 6, half_gigabyte_mask = 0x7f'e000'0000 | 1 << 11;
  return x86::MemoryTypes::from_mtrrs(
      [](x86::Msr msr) -> u64 {
        switch (msr) {
          case x86::Msr::MTRRCAP:
            return 1 << 8 | 1;
          case x86::Msr::MTRR_DEF_TYPE:
            return enabled | write_back;
          case x86::Msr::MTRR_PHYSBASE0:
            return 0xe0000000;
          case x86::Msr::MTRR_PHYSMASK0:
            return half_gigabyte_mask;
          case x86::Msr::MTRR_FIX16K_A0000:
            return 0;
          default:
            return 0x0606060606060606;
        }
      },
      39);
}

// The leaf that translates `gpa`, and its level.
std::pair<u64, int> leaf_at(const FakeMemory& memory, PhysicalAddress root, u64 gpa) {
  u64 table = raw(root);
  for (int level = 3;; --level) {
    const u64 entry = *memory.at<u64>(PhysicalAddress{table + (gpa >> (12 + 9 * level) & 511) * 8});
    if (level == 0 || (entry & 0x80) != 0) return {entry, level};
    table = entry & nested_address_mask;
  }
}

class EptMemoryTypesTest : public NestedPageTableTest<EptBits> {
 protected:
  static u64 type_of(u64 entry) { return entry >> 3 & 7; }
};

TEST_F(EptMemoryTypesTest, LeavesAreAsLargeAsOneTypeReaches) {
  donate(20);
  Table table = make(LargestPage::one_gigabyte, mixed_types());
  ASSERT_TRUE(table.map_identity(6 * gigabyte).ok());
  const auto expect = [&](u64 gpa, int level, u64 type) {
    const auto [entry, found] = leaf_at(memory, table.root(), gpa);
    EXPECT_EQ(found, level) << std::hex << gpa;
    EXPECT_EQ(type_of(entry), type) << std::hex << gpa;
  };
  expect(0x9f000, 0, 6);
  expect(0xa0000, 0, 0);
  expect(0xbffff, 0, 0);
  expect(0xc0000, 0, 6);
  expect(0x200000, 1, 6);
  expect(gigabyte, 2, 6);
  expect(0xdfffffff, 1, 6);
  expect(0xe0000000, 1, 0);
  expect(0xfee00000, 1, 0);
  expect(4 * gigabyte, 2, 6);
}

TEST_F(EptMemoryTypesTest, SplittingAndRedirectingKeepTheTypeOfWhatIsThere) {
  donate(20);
  Table table = make(LargestPage::one_gigabyte, mixed_types());
  ASSERT_TRUE(table.map_identity(4 * gigabyte).ok());
  ASSERT_TRUE(table.protect(PhysicalAddress{0xfee00000}, read_only).ok());
  EXPECT_EQ(type_of(leaf_at(memory, table.root(), 0xfee00000).first), 0u);
  EXPECT_EQ(type_of(leaf_at(memory, table.root(), 0xfee01000).first), 0u);
  ASSERT_TRUE(table.redirect(PhysicalAddress{0xfee02000}, PhysicalAddress{0x5000}, read_only).ok());
  EXPECT_EQ(type_of(leaf_at(memory, table.root(), 0xfee02000).first), 6u);
}

TEST_F(EptMemoryTypesTest, AnExhaustedPoolGetsItsPagesBack) {
  donate(4);  // root, plain bits, and too few for a gigabyte that needs three tables
  Table table = make(LargestPage::one_gigabyte, mixed_types());
  const u64 before = pool.count();
  EXPECT_FALSE(table.map_on_demand(PhysicalAddress{0}).ok());
  EXPECT_EQ(pool.count() + 1, before);  // the table above stays
  donate(8);
  EXPECT_TRUE(table.map_on_demand(PhysicalAddress{0}).ok());
}

}  // namespace
}  // namespace hyperdbg::test
