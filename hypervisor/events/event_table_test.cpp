// SPDX-License-Identifier: MIT
#include "hypervisor/events/event_table.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <random>
#include <vector>

namespace hyperdbg {
namespace {

class Table {
 public:
  explicit Table(u32 slots) : memory_(slots) { table->init(memory_.data(), slots); }

  Status insert(u32 kind, u64 key, u32 process, u32 core) {
    Event& event = events_.emplace_back();
    event.id = static_cast<u32>(events_.size() - 1);
    event.kind = kind;
    event.key = key;
    event.process = process;
    event.core = core;
    event.state = EventState::enabled;
    for (u32 i = 0; i < EventTable::nodes_per_event; ++i) table->add_node(&nodes_.emplace_back());
    return table->insert(event).status();
  }

  struct Cost {
    u32 probes = 0;
    std::vector<u32> ids;
  };
  Cost look_up(u32 kind, u64 key, u32 process, u32 core) const {
    Cost cost;
    Candidates candidates(
        *table, kind, key, core, [&] { return process; }, ~0u, [&] { ++cost.probes; });
    while (const Event* event = candidates.next()) cost.ids.push_back(event->id);
    return cost;
  }

  std::unique_ptr<EventTable> table = std::make_unique<EventTable>();

 private:
  std::vector<WatchNode*> memory_;
  std::deque<Event> events_;
  std::deque<WatchNode> nodes_;
};

constexpr u32 any_process = HYPERDBG_ANY_PROCESS;
constexpr u32 any_core = HYPERDBG_ANY_CORE;

// Mixed kinds, leaves, processes and cores, some on the very leaf that is measured.
void add_ten_thousand_others(Table& table) {
  std::mt19937 random(1);
  for (int i = 0; i < 10000; ++i) {
    const u32 kind = HYPERDBG_EVENT_CPUID + random() % 3;
    const u64 key = random() % 4 ? 0x1000 + random() % 5000 : 1;
    u32 process = random() % 3 ? 1000 + random() % 5000 : any_process;
    u32 core = random() % 3 ? 1 + random() % 30 : any_core;
    if (process == any_process && core == any_core && key == 1) core = 5;
    ASSERT_EQ(table.insert(kind, key, process, core), HYPERDBG_OK);
  }
}

TEST(EventTable, TenThousandOtherEventsCostNoMoreLookups) {
  Table table(EventTable::default_slots);
  ASSERT_EQ(table.insert(HYPERDBG_EVENT_CPUID, 1, any_process, any_core), HYPERDBG_OK);
  EXPECT_EQ(table.look_up(HYPERDBG_EVENT_CPUID, 1, 77, 0).probes, 1u);
  add_ten_thousand_others(table);
  const Table::Cost watched = table.look_up(HYPERDBG_EVENT_CPUID, 1, 77, 0);
  EXPECT_EQ(watched.ids, std::vector<u32>{0});
  EXPECT_LE(watched.probes, 2u);
}

TEST(EventTable, LookupsStayShortForEveryKeyThatIsWatchedOrNot) {
  Table table(EventTable::default_slots);
  add_ten_thousand_others(table);
  u64 probes = 0;
  u32 worst = 0, count = 0;
  for (u64 key = 1; key < 10000; key += 3, ++count) {
    const u32 cost = table.look_up(HYPERDBG_EVENT_RDMSR, key, 77, 0).probes;
    probes += cost;
    worst = std::max(worst, cost);
  }
  EXPECT_LT(probes, 3 * count);
  EXPECT_LT(worst, 30u);
}

TEST(EventTable, AProcessIsLookedUpOnlyForKeysThatAreNamedWithIt) {
  Table table(EventTable::default_slots);
  table.insert(HYPERDBG_EVENT_CPUID, 1, any_process, any_core);
  table.insert(HYPERDBG_EVENT_CPUID, 2, 77, any_core);
  EXPECT_EQ(table.look_up(HYPERDBG_EVENT_CPUID, 1, 77, 0).probes, 1u);
  EXPECT_EQ(table.look_up(HYPERDBG_EVENT_CPUID, 2, 78, 0).probes, 1u);
  EXPECT_EQ(table.look_up(HYPERDBG_EVENT_CPUID, 2, 77, 0).probes, 3u);
  EXPECT_EQ(table.look_up(HYPERDBG_EVENT_CPUID, 2, 77, 0).ids, std::vector<u32>{1});
}

TEST(EventTable, MergesByIdAndStopsAtTheBound) {
  Table table(1024);
  table.insert(HYPERDBG_EVENT_CPUID, 1, any_process, 0);
  table.insert(HYPERDBG_EVENT_CPUID, HYPERDBG_ANY_KEY, 9, any_core);
  table.insert(HYPERDBG_EVENT_CPUID, 1, any_process, any_core);
  table.insert(HYPERDBG_EVENT_CPUID, 1, 9, 0);
  table.insert(HYPERDBG_EVENT_CPUID, 1, any_process, 0);
  EXPECT_EQ(table.look_up(HYPERDBG_EVENT_CPUID, 1, 9, 0).ids, (std::vector<u32>{0, 1, 2, 3, 4}));
  Candidates bounded(
      *table.table, HYPERDBG_EVENT_CPUID, 1, 0, [] { return 9u; }, 2);
  EXPECT_EQ(bounded.next()->id, 0u);
  EXPECT_EQ(bounded.next()->id, 1u);
  EXPECT_EQ(bounded.next(), nullptr);
}

TEST(EventTable, AFullTableRefusesAndStillWorks) {
  Table table(64);
  u32 added = 0;
  while (table.insert(HYPERDBG_EVENT_CPUID, added, any_process, 1) == HYPERDBG_OK) ++added;
  EXPECT_GE(added, 20u);
  EXPECT_LT(added, 32u);
  for (u32 key = 0; key < added; ++key) EXPECT_EQ(table.look_up(HYPERDBG_EVENT_CPUID, key, 1, 1).ids.size(), 1u);
  EXPECT_TRUE(table.look_up(HYPERDBG_EVENT_CPUID, added, 1, 1).ids.empty());
}

TEST(EventTable, ClearForgetsEverything) {
  Table table(64);
  table.insert(HYPERDBG_EVENT_CPUID, HYPERDBG_ANY_KEY, 5, 1);
  table.table->clear();
  EXPECT_FALSE(table.table->watches(HYPERDBG_EVENT_CPUID));
  EXPECT_TRUE(table.look_up(HYPERDBG_EVENT_CPUID, 1, 5, 1).ids.empty());
  for (u32 i = 0; i < 10; ++i) EXPECT_EQ(table.insert(HYPERDBG_EVENT_CPUID, i, 5, 1), HYPERDBG_OK);
}

}  // namespace
}  // namespace hyperdbg
