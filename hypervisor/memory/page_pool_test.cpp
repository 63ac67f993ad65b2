// SPDX-License-Identifier: MIT
#include "hypervisor/memory/page_pool.hpp"

#include <gtest/gtest.h>

#include <set>

#include "hypervisor/memory/fake_memory.hpp"

namespace hyperdbg::test {
namespace {

TEST(PagePool, HandsOutEveryPageOnceAndZeroed) {
  std::vector<u8> bytes(64 * page_size, 0xee);
  PagePool pool{FakeMemory(bytes)};
  EXPECT_EQ(pool.take().status(), HYPERDBG_POOL_EMPTY);
  for (u64 page = 0; page < 64; ++page) pool.give_back(PhysicalAddress{page * page_size});
  EXPECT_EQ(pool.count(), 64u);
  std::set<u64> seen;
  for (int i = 0; i < 64; ++i) {
    const auto page = pool.take();
    ASSERT_TRUE(page.ok());
    const u8* first = &bytes[raw(page.value())];
    EXPECT_EQ(std::vector<u8>(first, first + page_size), std::vector<u8>(page_size, 0));
    seen.insert(raw(page.value()));
  }
  EXPECT_EQ(seen.size(), 64u);
  EXPECT_EQ(pool.count(), 0u);
  EXPECT_EQ(pool.take().status(), HYPERDBG_POOL_EMPTY);
  pool.give_back(PhysicalAddress{page_size});
  EXPECT_EQ(raw(pool.take().value()), page_size);
}

}  // namespace
}  // namespace hyperdbg::test
