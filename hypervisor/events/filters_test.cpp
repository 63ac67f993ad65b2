// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <random>

#include "hypervisor/events/engine_fixture.hpp"

namespace hyperdbg::test {
namespace {

bool matches(const hyperdbg_event& event, u32 kind, u64 key, u32 process, u32 core) {
  const bool key_matches = event.key == key || (event.key == HYPERDBG_ANY_KEY && any_key_covers(kind, key));
  return event.kind == kind && key_matches && (event.process == HYPERDBG_ANY_PROCESS || event.process == process) &&
         (event.core == HYPERDBG_ANY_CORE || event.core == core);
}

// What the engine ran must be what a walk over all events finds, in that order.
void compare(Harness& harness, const std::vector<hyperdbg_event>& events, u32 kind, u64 key, u32 process, u32 core) {
  std::vector<Ran> expected;
  for (u32 id = 0; id < events.size(); ++id)
    if (matches(events[id], kind, key, process, core)) expected.push_back({id, 0, Stage::pre});
  FakeHost host = harness.host(core);
  host.process_id = process;
  harness.trigger(host, key, kind);
  EXPECT_EQ(host.runs, expected) << "kind " << kind << " key " << key << " process " << process << " core " << core;
}

TEST(Filters, EveryCombinationInOrderOfCreation) {
  Harness harness;
  std::vector<hyperdbg_event> events;
  for (int round = 0; round < 2; ++round)
    for (u64 key : {u64{HYPERDBG_ANY_KEY}, u64{1}, u64{2}})
      for (u32 process : {HYPERDBG_ANY_PROCESS, 10u, 20u, 10u + 32768})
        for (u32 core : {HYPERDBG_ANY_CORE, 0u, 3u}) {
          const Wish wish = Wish().key(key).process(process).core(core).script();
          ASSERT_EQ(harness.add(wish), HYPERDBG_OK);
          events.push_back(wish.event);
        }
  for (u64 key : {1, 2, 3})
    for (u32 process : {10u, 20u, 30u, 10u + 32768})
      for (u32 core : {0u, 1u, 3u}) compare(harness, events, HYPERDBG_EVENT_CPUID, key, process, core);
}

TEST(Filters, RandomEventsAgreeWithAWalkOverAll) {
  std::mt19937 random(4);
  Harness harness(8192);
  std::vector<hyperdbg_event> events;
  const auto below = [&](u32 limit) { return static_cast<u32>(random() % limit); };
  const auto kind = [&] { return HYPERDBG_EVENT_CPUID + below(3); };
  for (int i = 0; i < 1500; ++i) {
    Wish wish;
    wish.kind(kind()).script();
    if (below(4)) wish.key(below(200));
    if (below(2)) wish.process(below(50));
    if (below(2)) wish.core(below(4));
    ASSERT_EQ(harness.add(wish), HYPERDBG_OK);
    events.push_back(wish.event);
  }
  for (int i = 0; i < 300; ++i) compare(harness, events, kind(), below(250), below(60), below(4));
}

TEST(Filters, TheProcessIsOnlyAskedForWhenAFilterNeedsIt) {
  Harness harness;
  harness.add(Wish().key(1).script());
  FakeHost host = harness.host();
  harness.trigger(host, 1);
  EXPECT_EQ(host.process_asked, 0);
  harness.add(Wish().key(1).process(5).script());
  harness.trigger(host, 1);
  EXPECT_EQ(host.process_asked, 1);
}

TEST(Filters, AllMsrsMeansAllButTheNoisyOnes) {
  Harness harness;
  harness.add(Wish().kind(HYPERDBG_EVENT_RDMSR).script());
  harness.add(Wish().kind(HYPERDBG_EVENT_WRMSR).script());
  harness.add(Wish().kind(HYPERDBG_EVENT_WRMSR).key(0x48).script());
  const auto run = [&](u32 kind, u64 msr) {
    FakeHost host = harness.host();
    harness.trigger(host, msr, kind);
    return host.runs.size();
  };
  for (u64 msr : {0xc0000102ull, 0xe7ull, 0xe8ull}) {
    EXPECT_EQ(run(HYPERDBG_EVENT_RDMSR, msr), 0u);
    EXPECT_EQ(run(HYPERDBG_EVENT_WRMSR, msr), 0u);
    EXPECT_FALSE(harness.engine().watches(HYPERDBG_EVENT_RDMSR, msr, 0));
  }
  EXPECT_EQ(run(HYPERDBG_EVENT_RDMSR, 0x48), 1u);
  EXPECT_EQ(run(HYPERDBG_EVENT_WRMSR, 0x48), 1u);  // named explicitly
  EXPECT_EQ(run(HYPERDBG_EVENT_WRMSR, 0x49), 0u);
  EXPECT_EQ(run(HYPERDBG_EVENT_WRMSR, 0xc0000082), 1u);
}

TEST(Filters, WatchedKeysOfACore) {
  Harness harness;
  harness.add(Wish().kind(HYPERDBG_EVENT_RDMSR).key(0x10).core(2).script());
  harness.add(Wish().kind(HYPERDBG_EVENT_RDMSR).key(0x11).process(7).script());
  harness.add(Wish().kind(HYPERDBG_EVENT_WRMSR).key(0x12).script());
  const auto keys = [&](u32 kind, u32 core) {
    std::vector<u64> found;
    harness.engine().for_each_watched_key(kind, core, [&](u64 key) { found.push_back(key); });
    return found;
  };
  EXPECT_EQ(keys(HYPERDBG_EVENT_RDMSR, 0), std::vector<u64>{0x11});
  EXPECT_EQ(keys(HYPERDBG_EVENT_RDMSR, 2).size(), 2u);
  EXPECT_EQ(keys(HYPERDBG_EVENT_WRMSR, 2), std::vector<u64>{0x12});
  const u64 before = harness.engine().generation();
  harness.modify(2, HYPERDBG_EVENT_DISABLE);
  EXPECT_EQ(keys(HYPERDBG_EVENT_WRMSR, 2).size(), 1u);
  EXPECT_EQ(harness.engine().generation(), before);
  harness.modify(2, HYPERDBG_EVENT_CLEAR);
  EXPECT_TRUE(keys(HYPERDBG_EVENT_WRMSR, 2).empty());
  EXPECT_NE(harness.engine().generation(), before);
}

TEST(Filters, BackendsMayFollowAdditionsOnly) {
  Harness harness;
  std::vector<u64> keys;
  const auto follow = [&](u64 since) {
    keys.clear();
    return harness.engine().for_each_addition_since(since,
                                                    [&](const Engine::Addition& one) { keys.push_back(one.key); });
  };
  const u64 start = harness.engine().generation();
  EXPECT_TRUE(follow(start));
  harness.add(Wish().key(1).script());
  harness.add(Wish().key(2).core(1).script());
  EXPECT_TRUE(follow(start));
  EXPECT_EQ(keys, (std::vector<u64>{1, 2}));
  EXPECT_TRUE(follow(start + 1));
  EXPECT_EQ(keys, std::vector<u64>{2});
  harness.modify(0, HYPERDBG_EVENT_CLEAR);
  EXPECT_FALSE(follow(start));
  const u64 later = harness.engine().generation();
  EXPECT_TRUE(follow(later));
  EXPECT_TRUE(keys.empty());
  for (u64 key = 0; key < 64; ++key) harness.add(Wish().key(key).script());
  EXPECT_TRUE(follow(later));
  EXPECT_EQ(keys.size(), 64u);
  harness.add(Wish().script());
  EXPECT_FALSE(follow(later));
}

TEST(Filters, WithManyEventsClearedOnesAreCollected) {
  Harness harness(8192);
  for (u64 key = 0; key < 1000; ++key) harness.add(Wish().key(key).script());
  for (u32 id = 0; id < 500; ++id) {
    harness.modify(id, HYPERDBG_EVENT_CLEAR);
    EXPECT_TRUE(harness.engine().reap());
    FakeHost host = harness.host();
    harness.trigger(host, id);
    EXPECT_TRUE(host.runs.empty());
    harness.trigger(host, 999);
    EXPECT_EQ(host.runs.size(), 1u);
  }
  EXPECT_LT(harness.list().size(), 600u);
  EXPECT_EQ(harness.engine().event_count(), 500u);
}

}  // namespace
}  // namespace hyperdbg::test
