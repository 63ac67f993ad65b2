// SPDX-License-Identifier: MIT
#include "script/metadata.hpp"

#include <gtest/gtest.h>

namespace hyperdbg::script {
namespace {

const std::vector<std::string> formats{"%llx\n", "", "eight by", "a longer one: %d %s\n"};

TEST(Metadata, ComesBack) {
  EXPECT_EQ(decode_metadata(encode_metadata(formats)), formats);
  EXPECT_EQ(decode_metadata(encode_metadata({})), std::vector<std::string>{});
}

TEST(Metadata, HasTheLayoutOfTheContract) {
  const auto bytes = encode_metadata({"abc"});
  const std::vector<std::uint8_t> expected{1, 0, 0, 0, 0,   0,   0,   0, 3, 0, 0, 0,
                                           0, 0, 0, 0, 'a', 'b', 'c', 0, 0, 0, 0, 0};
  EXPECT_EQ(bytes, expected);
}

TEST(Metadata, TruncatedIsRefused) {
  const auto bytes = encode_metadata(formats);
  const std::size_t needed = bytes.size() - 4;  // the last text is padded
  for (std::size_t size = 0; size < needed; ++size) EXPECT_FALSE(decode_metadata(std::span(bytes).first(size))) << size;
}

TEST(Metadata, ImpossibleSizesAreRefused) {
  auto bytes = encode_metadata(formats);
  bytes[0] = 0xff;
  bytes[3] = 0xff;
  EXPECT_FALSE(decode_metadata(bytes));
  bytes = encode_metadata(formats);
  bytes[11] = 0xff;
  EXPECT_FALSE(decode_metadata(bytes));
}

}  // namespace
}  // namespace hyperdbg::script
