// SPDX-License-Identifier: MIT
#include "lab/cpio.hpp"

#include <gtest/gtest.h>

namespace hyperdbg::lab {
namespace {

TEST(Cpio, EntriesAreAlignedAndTheArchiveEnds) {
  Cpio cpio;
  cpio.directory("d");
  cpio.file("d/f", "12345", 0755);
  cpio.link("l", "d/f");
  const std::string bytes = cpio.finish();
  // Header of 110 bytes and the name with its zero, padded to 4.
  EXPECT_EQ(bytes.substr(0, 14), "07070100000001");
  EXPECT_EQ(bytes.substr(112, 6), "070701");
  EXPECT_EQ(bytes.substr(112 + 14, 8), "000081ed");
  EXPECT_EQ(bytes.substr(112 + 110, 4), std::string("d/f\0", 4));
  EXPECT_EQ(bytes.substr(112 + 116, 8), std::string("12345\0\0\0", 8));
  EXPECT_EQ(bytes.size() % 4, 0u);
  EXPECT_NE(bytes.find("TRAILER!!!"), std::string::npos);
}

TEST(Cpio, AMissingFileIsNamed) {
  Cpio cpio;
  const auto copied = cpio.copy("x", "/nonexistent/file");
  ASSERT_FALSE(copied);
  EXPECT_EQ(copied.error().message, "cannot read /nonexistent/file");
}

}  // namespace
}  // namespace hyperdbg::lab
