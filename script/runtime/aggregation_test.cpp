// SPDX-License-Identifier: MIT
#include "script/runtime/aggregation.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <limits>
#include <map>
#include <vector>

namespace hyperdbg::script {
namespace {

hyperdbg_aggregation make(hyperdbg_aggregation_kind kind, std::uint32_t keys = 1) {
  hyperdbg_aggregation aggregation{};
  std::strcpy(aggregation.name, "name");
  aggregation.kind = kind;
  aggregation.key_count = keys;
  for (std::uint32_t i = 0; i < keys; ++i) aggregation.keys[i] = HYPERDBG_KEY_NUMBER;
  return aggregation;
}

struct Table {
  explicit Table(u32 capacity) : pages(AggregateTable::pages_for(capacity)) {
    table.set_capacity(capacity);
    for (u32 i = 0; i < pages.size(); ++i) table.set_page(i, pages[i].data());
  }
  void update(u32 number, const hyperdbg_aggregation& aggregation, u64 key, s64 value) {
    AggregateKey words{};
    words.words[0] = key;
    table.update(number, aggregation, words, value);
  }
  std::map<u64, hyperdbg_aggregate_entry> entries(u32 number) const {
    std::map<u64, hyperdbg_aggregate_entry> all;
    for (u32 place = 0; place < table.capacity(); ++place) {
      const auto* entry = table.at(place);
      if (!entry || entry->number != number) continue;
      u64 key = 0;
      std::memcpy(&key, entry + 1, sizeof key);
      EXPECT_TRUE(all.emplace(key, *entry).second) << "twice: " << key;
    }
    return all;
  }
  std::vector<std::array<u8, 4096>> pages;
  AggregateTable table;
};

TEST(AggregateTable, keeps_every_key_apart_or_counts_the_loss) {
  Table table(AggregateTable::largest);
  const auto aggregation = make(HYPERDBG_AGGREGATE_SUM);
  constexpr u64 keys = 3000, rounds = 5;
  for (u64 round = 0; round < rounds; ++round)
    for (u64 key = 0; key < keys; ++key) table.update(3, aggregation, key * 4096, static_cast<s64>(key));
  const auto entries = table.entries(3);
  EXPECT_LE(entries.size(), AggregateTable::largest);
  EXPECT_GT(entries.size(), AggregateTable::largest * 9 / 10);
  EXPECT_EQ(table.table.lost(3), (keys - entries.size()) * rounds);
  for (const auto& [key, entry] : entries) {
    EXPECT_EQ(entry.count, rounds);
    EXPECT_EQ(entry.sum, static_cast<s64>(key / 4096 * rounds));
  }
}

TEST(AggregateTable, clears_one_aggregation_or_all) {
  Table table(AggregateTable::smallest);
  const auto aggregation = make(HYPERDBG_AGGREGATE_COUNT);
  for (u64 key = 0; key < 200; ++key) table.update(key % 2, aggregation, key, 0);
  EXPECT_GT(table.table.lost(0), 0u);
  const auto others = table.entries(1).size();
  table.table.clear(0);
  EXPECT_EQ(table.entries(0).size(), 0u);
  EXPECT_EQ(table.table.lost(0), 0u);
  EXPECT_EQ(table.entries(1).size(), others);
  table.table.clear(HYPERDBG_ALL_AGGREGATIONS);
  EXPECT_EQ(table.entries(1).size(), 0u);
}

TEST(AggregateTable, keeps_what_was_set_last) {
  Table table(AggregateTable::smallest);
  auto aggregation = make(HYPERDBG_AGGREGATE_SET);
  aggregation.value = HYPERDBG_KEY_KERNEL_STACK;
  aggregation.value_depth = 2;
  for (s64 time = 1; time <= 4; ++time) {
    const u64 now = static_cast<u64>(time);
    table.table.update(0, aggregation, {{now % 2, now * 10, now * 100}}, time);
  }
  u32 found = 0;
  for (u32 place = 0; place < table.table.capacity(); ++place) {
    const auto* entry = table.table.at(place);
    if (!entry) continue;
    u64 words[3];
    ASSERT_EQ(size_behind(*entry), sizeof words);
    std::memcpy(words, entry + 1, sizeof words);
    const u64 last = words[0] == 1 ? 3 : 4;
    EXPECT_EQ(entry->count, 2u);
    EXPECT_EQ(entry->maximum, static_cast<s64>(last));
    EXPECT_EQ(words[1], last * 10);
    EXPECT_EQ(words[2], last * 100);
    ++found;
  }
  EXPECT_EQ(found, 2u);
}

TEST(AggregateTable, without_memory_everything_is_lost) {
  AggregateTable table;
  table.update(0, make(HYPERDBG_AGGREGATE_COUNT, 0), {}, 1);
  EXPECT_EQ(table.lost(0), 1u);
}

TEST(Aggregation, buckets) {
  const auto log2 = make(HYPERDBG_AGGREGATE_LOG2);
  EXPECT_EQ(bucket_of(log2, -5), 0u);
  EXPECT_EQ(bucket_of(log2, 0), 1u);
  EXPECT_EQ(bucket_of(log2, 1), 2u);
  EXPECT_EQ(bucket_of(log2, 7), 4u);
  EXPECT_EQ(bucket_of(log2, 8), 5u);
  EXPECT_EQ(bucket_of(log2, std::numeric_limits<s64>::max()), 64u);
  auto linear = make(HYPERDBG_AGGREGATE_LINEAR);
  linear.low = -10;
  linear.high = 15;
  linear.step = 10;
  ASSERT_TRUE(is_valid(linear));
  EXPECT_EQ(bucket_of(linear, -11), 0u);
  EXPECT_EQ(bucket_of(linear, -10), 1u);
  EXPECT_EQ(bucket_of(linear, 9), 2u);
  EXPECT_EQ(bucket_of(linear, 14), 3u);
  EXPECT_EQ(bucket_of(linear, 15), 4u);
}

TEST(Aggregation, refuses_what_is_none) {
  auto wrong = make(HYPERDBG_AGGREGATE_COUNT);
  wrong.name[0] = 0;
  EXPECT_FALSE(is_valid(wrong));
  wrong = make(HYPERDBG_AGGREGATE_COUNT);
  wrong.key_count = HYPERDBG_AGGREGATE_KEYS + 1;
  EXPECT_FALSE(is_valid(wrong));
  wrong = make(HYPERDBG_AGGREGATE_COUNT);
  wrong.keys[0] = HYPERDBG_KEY_KERNEL_STACK;
  EXPECT_FALSE(is_valid(wrong));
  wrong.depths[0] = 255;
  EXPECT_FALSE(is_valid(wrong));
  wrong = make(HYPERDBG_AGGREGATE_LINEAR);
  EXPECT_FALSE(is_valid(wrong));
  wrong.low = std::numeric_limits<s64>::min();
  wrong.high = std::numeric_limits<s64>::max();
  wrong.step = 1;
  EXPECT_FALSE(is_valid(wrong));
  wrong = make(HYPERDBG_AGGREGATE_COUNT);
  wrong.value = HYPERDBG_KEY_NUMBER;
  EXPECT_FALSE(is_valid(wrong));
}

TEST(Aggregation, sets_a_value_that_fits_behind_the_keys) {
  auto aggregation = make(HYPERDBG_AGGREGATE_SET);
  EXPECT_FALSE(is_valid(aggregation));
  aggregation.value = HYPERDBG_KEY_NUMBER;
  EXPECT_TRUE(is_valid(aggregation));
  aggregation.value = HYPERDBG_KEY_USER_STACK;
  EXPECT_FALSE(is_valid(aggregation));
  aggregation.value_depth = HYPERDBG_AGGREGATE_KEY_SIZE / 8 - 1;
  EXPECT_TRUE(is_valid(aggregation));
  ++aggregation.value_depth;
  EXPECT_FALSE(is_valid(aggregation));
  aggregation.key_count = 0;
  EXPECT_TRUE(is_valid(aggregation));
  aggregation.value = HYPERDBG_KEY_USER_STACK + 1;
  EXPECT_FALSE(is_valid(aggregation));
}

}  // namespace
}  // namespace hyperdbg::script
