// SPDX-License-Identifier: MIT
#include "base/crc32c.hpp"

#include <gtest/gtest.h>

#include <array>

namespace hyperdbg {
namespace {

// The check values of RFC 3720, appendix B.4.
TEST(Crc32c, agrees_with_the_standard) {
  std::array<u8, 32> zeros{};
  std::array<u8, 32> ones{};
  ones.fill(0xff);
  EXPECT_EQ(crc32c(zeros.data(), zeros.size()), 0x8a9136aau);
  EXPECT_EQ(crc32c(ones.data(), ones.size()), 0x62a8ab43u);
  EXPECT_EQ(crc32c("123456789", 9), 0xe3069283u);
  EXPECT_EQ(crc32c(nullptr, 0), 0u);
}

TEST(Crc32c, continues_over_pieces) {
  EXPECT_EQ(crc32c("6789", 4, crc32c("12345", 5)), crc32c("123456789", 9));
}

}  // namespace
}  // namespace hyperdbg
