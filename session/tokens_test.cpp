// SPDX-License-Identifier: MIT
#include "session/tokens.hpp"

#include <gtest/gtest.h>

#include "session/number.hpp"

namespace hyperdbg {
namespace {

std::string shown(std::string_view line) {
  std::string text;
  for (const Token& token : split_tokens(line)) text += "[" + token.shown() + "]";
  return text;
}

TEST(Tokens, are_split_at_blanks_braces_and_quotes) {
  EXPECT_EQ(shown("!cpuid 1\tpid  1c0"), "[!cpuid][1][pid][1c0]");
  EXPECT_EQ(shown("!cpuid script{ print(1); }"), "[!cpuid][script][{ print(1); }]");
  EXPECT_EQ(shown("a {x {y} z} b"), "[a][{x {y} z}][b]");
  EXPECT_EQ(shown("script { printf(\"}{\"); } pid 1"), "[script][{ printf(\"}{\"); }][pid][1]");
  EXPECT_EQ(shown("script { \\{ }"), "[script][{ { }]");
  EXPECT_EQ(shown(".script \"my file.ds\" x"), "[.script][\"my file.ds\"][x]");
  EXPECT_EQ(shown("a /* gone { */ b // gone too"), "[a][b]");
  EXPECT_EQ(shown("s { /* stays */ x; // too\n}"), "[s][{ /* stays */ x; // too\n}]");
  EXPECT_EQ(shown("s { printf(\"\\\"{\"); }"), "[s][{ printf(\"\\\"{\"); }]");
  EXPECT_EQ(shown(""), "");
}

TEST(Tokens, count_open_braces) {
  EXPECT_EQ(open_braces("!cpuid script {"), 1);
  EXPECT_EQ(open_braces("!cpuid script { if (1) {"), 2);
  EXPECT_EQ(open_braces("!cpuid script { \"{\" }"), 0);
  EXPECT_EQ(open_braces("x // {"), 0);
  EXPECT_EQ(open_braces("!cpuid script { printf(\"unterminated }"), 1);
  EXPECT_EQ(open_braces("!cpuid script { printf(\"unterminated }\n}"), 0);
}

TEST(Numbers, are_hexadecimal_unless_a_prefix_says_otherwise) {
  EXPECT_EQ(parse_number("10"), 0x10u);
  EXPECT_EQ(parse_number("0x10"), 0x10u);
  EXPECT_EQ(parse_number("\\x10"), 0x10u);
  EXPECT_EQ(parse_number("0n10"), 10u);
  EXPECT_EQ(parse_number("n10"), 10u);
  EXPECT_EQ(parse_number("fffff800`4ed6f010"), 0xfffff8004ed6f010);
  EXPECT_EQ(parse_number("ffffffffffffffff"), ~0ull);
  for (const char* bad : {"", "0x", "xyz", "0nf", "1 2", "-1", "10000000000000000", "`", "nmi"})
    EXPECT_FALSE(parse_number(bad)) << bad;
}

}  // namespace
}  // namespace hyperdbg
