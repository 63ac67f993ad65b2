// SPDX-License-Identifier: MIT
#include "session/address.hpp"

#include <gtest/gtest.h>

namespace hyperdbg {
namespace {

NameSource names() {
  return {[](std::string_view name) -> std::optional<std::uint64_t> {
            if (name == "nt!open" || name == "open") return 0x1000;
            return std::nullopt;
          },
          [](std::string_view name) -> Expected<std::uint64_t> {
            if (name == "rcx") return 0x20;
            return fail("err, invalid register");
          }};
}

TEST(Address, adds_and_subtracts_what_has_a_value) {
  EXPECT_EQ(*evaluate_address("10", names()), 0x10u);
  EXPECT_EQ(*evaluate_address("nt!open+@rcx+5", names()), 0x1025u);
  EXPECT_EQ(*evaluate_address("open-0n16", names()), 0xff0u);
  EXPECT_EQ(*evaluate_address("-1", names()), ~0ull);
  EXPECT_EQ(*evaluate_address("add", names()), 0xaddu) << "a number wins over a name";
}

TEST(Address, says_what_it_could_not_resolve) {
  for (const char* bad : {"", "nothing", "open+", "open++1", "1+nothing", "!", "1*2"}) {
    const auto address = evaluate_address(bad, names());
    ASSERT_FALSE(address) << bad;
    EXPECT_EQ(address.error().message, fmt::format("err, couldn't resolve error at '{}'", bad));
  }
  EXPECT_FALSE(evaluate_address("@nothing", names()));
}

}  // namespace
}  // namespace hyperdbg
