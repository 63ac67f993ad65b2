// SPDX-License-Identifier: MIT
#include "session/registers.hpp"

#include <gtest/gtest.h>

namespace hyperdbg {
namespace {

TEST(RegisterNames, name_parts_of_registers) {
  Registers registers{};
  registers[HYPERDBG_RAX] = 0x1122334455667788;
  registers[HYPERDBG_RFLAGS] = 0x3041;
  EXPECT_EQ(find_register("RAX")->read(registers), 0x1122334455667788u);
  EXPECT_EQ(find_register("eax")->read(registers), 0x55667788u);
  EXPECT_EQ(find_register("ah")->read(registers), 0x77u);
  EXPECT_EQ(find_register("zf")->read(registers), 1u);
  EXPECT_EQ(find_register("iopl")->read(registers), 3u);
  EXPECT_FALSE(find_register("xyz"));
  EXPECT_FALSE(find_register(""));
}

TEST(RegisterNames, merge_as_the_processor_does) {
  EXPECT_EQ(find_register("eax")->merged(~0ull, 5), 5u);
  EXPECT_EQ(find_register("ax")->merged(~0ull, 5), 0xffffffffffff0005u);
  EXPECT_EQ(find_register("ah")->merged(0, 0x1ff), 0xff00u);
  EXPECT_EQ(find_register("zf")->merged(0x2, 1), 0x42u);
}

TEST(RegisterNames, cover_every_number) {
  std::array<bool, HYPERDBG_REGISTER_COUNT> named{};
  for (const RegisterName& name : all_register_names()) named[name.number] = true;
  for (std::size_t i = 0; i < named.size(); ++i) EXPECT_TRUE(named[i]) << i;
}

}  // namespace
}  // namespace hyperdbg
