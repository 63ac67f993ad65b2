// SPDX-License-Identifier: MIT
#include "script/runtime/aggregates.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "script/runtime/aggregation.hpp"

namespace hyperdbg::script {
namespace {

hyperdbg_aggregation_info setting(hyperdbg_aggregate_key value) {
  hyperdbg_aggregation_info info{};
  std::strcpy(info.aggregation.name, "last");
  info.aggregation.kind = HYPERDBG_AGGREGATE_SET;
  info.aggregation.key_count = 1;
  info.aggregation.keys[0] = HYPERDBG_KEY_NUMBER;
  info.aggregation.value = value;
  info.aggregation.value_depth = value >= HYPERDBG_KEY_KERNEL_STACK ? 2 : 0;
  return info;
}

// As a CPU has it that set a value `count` times, the last time at `time`; the key is the first word.
void add(Aggregates& all, std::uint64_t count, std::int64_t time, const std::vector<std::uint64_t>& words) {
  const auto size = static_cast<std::uint16_t>((words.size() - 1) * 8);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(words.data());
  all.add({.number = 0,
           .key_size = 8,
           .value_size = size,
           .bucket = 0,
           .count = count,
           .sum = 0,
           .minimum = 0,
           .maximum = time},
          {bytes, words.size() * 8});
}

TEST(Aggregates, of_all_cpus_the_value_that_was_set_last_is_kept) {
  Aggregates all;
  all.define(0, setting(HYPERDBG_KEY_NUMBER));
  add(all, 9, 50, {1, 70});
  add(all, 1, 90, {1, ~std::uint64_t{0}});
  add(all, 5, 80, {1, 72});
  add(all, 1, 10, {2, 5});
  EXPECT_EQ(all.render({}),
            "last, set:\n"
            "  2                                                   5\n"
            "  1                                                  -1\n");
}

TEST(Aggregates, stacks_that_were_set_have_symbols_and_the_most_frequent_is_first) {
  Aggregates all;
  all.define(0, setting(HYPERDBG_KEY_KERNEL_STACK));
  add(all, 1, 50, {1, 0x100, 0x200});
  add(all, 1, 40, {2, 0x300, 0x200});
  add(all, 1, 60, {2, 0x200, 0});
  Aggregates::Options options;
  options.name_of = [](std::uint64_t address) {
    return address == 0x200 ? std::optional<std::string>("kernel!caller") : std::nullopt;
  };
  EXPECT_EQ(all.render(options),
            "last, set:\n"
            "  2\n"
            "      last kernel stack:\n"
            "        kernel!caller\n"
            "  1\n"
            "      last kernel stack:\n"
            "        100\n"
            "        kernel!caller\n");
  options.top = 1;
  EXPECT_TRUE(all.render(options).ends_with("  and 1 more\n"));
}

TEST(Aggregates, a_value_of_another_size_is_left_out) {
  Aggregates all;
  all.define(0, setting(HYPERDBG_KEY_NUMBER));
  add(all, 1, 50, {1, 2, 3});
  add(all, 1, 50, {1});
  EXPECT_EQ(all.render({}), "last, set:\n  nothing yet\n");
}

}  // namespace
}  // namespace hyperdbg::script
