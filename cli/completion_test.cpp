// SPDX-License-Identifier: MIT
#include "cli/completion.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace hyperdbg {
namespace {

using Words = std::vector<std::string>;

TEST(Completion, knows_commands_keywords_registers_and_symbols) {
  const SymbolTable symbols("ffffffff81000000 T do_sys_open\nffffffff81000010 T do_sys_openat2\n");
  EXPECT_EQ(complete("!msr", symbols), (Words{"!msrread", "!msrwrite"}));
  EXPECT_EQ(complete("help .sc", symbols), (Words{".script"}));
  EXPECT_EQ(complete("!cpuid 1 st", symbols), (Words{"stage"}));
  EXPECT_EQ(complete("db @rsp+@rd", symbols), (Words{"@rdi", "@rdx"}));
  EXPECT_EQ(complete("u nt!do_", symbols), (Words{"nt!do_sys_open", "nt!do_sys_openat2"}));
  EXPECT_TRUE(complete("u zzz", symbols).empty());
}

TEST(Completion, finds_what_candidates_share) {
  EXPECT_EQ(common_prefix({"stage", "status"}), "sta");
  EXPECT_EQ(common_prefix({}), "");
  EXPECT_EQ(last_word("db @rsp+@r"), "@r");
}

}  // namespace
}  // namespace hyperdbg
