// SPDX-License-Identifier: MIT
#include "lab/pattern.hpp"

#include <gtest/gtest.h>

namespace hyperdbg::lab {
namespace {

TEST(Pattern, NamedGroupsAreCapturedBesideNumberedOnes) {
  Captures captures;
  const auto pattern = Pattern::create("(a|b)=(?<first>[0-9a-f]+) (?:x) [(] \\((?<second>.)");
  ASSERT_TRUE(pattern);
  ASSERT_TRUE(pattern->matches("zz b=1f x ( (q", captures));
  EXPECT_EQ(captures, (Captures{{"first", "1f"}, {"second", "q"}}));
  EXPECT_FALSE(pattern->matches("c=1f", captures));
}

TEST(Pattern, AnchorsAreTheEndsOfTheLine) {
  Captures captures;
  EXPECT_TRUE(Pattern::create("^leaf 1$")->matches("leaf 1", captures));
  EXPECT_FALSE(Pattern::create("^leaf 1$")->matches("leaf 10", captures));
}

TEST(Pattern, MistakesAreExplained) {
  EXPECT_FALSE(Pattern::create("a("));
  EXPECT_FALSE(Pattern::create("(?<name"));
}

TEST(Captures, StandForThemselvesInPatterns) {
  const Captures captures{{"a", "1+1"}};
  EXPECT_EQ(*replace_captures("x${a}y", captures, Quoting::pattern), "x1\\+1y");
  EXPECT_EQ(*replace_captures("x${a}y", captures, Quoting::none), "x1+1y");
  EXPECT_EQ(*replace_captures("echo ${HOME} $a", captures, Quoting::none), "echo ${HOME} $a");
  EXPECT_FALSE(replace_captures("${b}", captures, Quoting::pattern));
}

}  // namespace
}  // namespace hyperdbg::lab
