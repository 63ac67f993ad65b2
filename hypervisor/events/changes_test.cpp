// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <thread>

#include "hypervisor/events/engine_fixture.hpp"

// Requests that arrive while a trigger is being evaluated, and what is counted.
namespace hyperdbg::test {
namespace {

std::vector<u32> ids_of(const FakeHost& host) {
  std::vector<u32> ids;
  for (const Ran& run : host.runs) ids.push_back(run.event);
  return ids;
}

TEST(Changes, NewEventsWaitForTheNextTrigger) {
  Harness harness;
  harness.add(Wish().key(1).stage(HYPERDBG_ALL).breaks());
  FakeHost host = harness.host();
  host.halted = [&](u32) {
    host.halted = nullptr;
    EXPECT_EQ(harness.add(Wish().key(1).stage(HYPERDBG_ALL).sc().script()), HYPERDBG_SHORT_CIRCUIT_AND_POST);
    EXPECT_EQ(harness.add(Wish().key(1).stage(HYPERDBG_ALL).script()), HYPERDBG_OK);
    EXPECT_EQ(harness.add(Wish().stage(HYPERDBG_ALL).core(0).process(100).script()), HYPERDBG_OK);
  };
  harness.trigger(host, 1);
  EXPECT_EQ(ids_of(host), (std::vector<u32>{0, 0}));
  host.runs.clear();
  harness.trigger(host, 1);
  EXPECT_EQ(ids_of(host), (std::vector<u32>{0, 2, 3, 0, 2, 3}));
}

TEST(Changes, ClearedAndDisabledEventsStopAtOnce) {
  for (const u32 modification : {HYPERDBG_EVENT_CLEAR, HYPERDBG_EVENT_DISABLE}) {
    Harness harness;
    harness.add(Wish().breaks().script().stage(HYPERDBG_ALL));
    harness.add(Wish().script());
    harness.add(Wish().stage(HYPERDBG_POST).script());
    FakeHost host = harness.host();
    host.halted = [&](u32) {
      EXPECT_EQ(harness.modify(0, modification), HYPERDBG_OK);
      EXPECT_EQ(harness.modify(1, modification), HYPERDBG_OK);
      EXPECT_FALSE(modification == HYPERDBG_EVENT_CLEAR && harness.engine().reap());
    };
    harness.trigger(host, 1);
    EXPECT_EQ(ids_of(host), (std::vector<u32>{0, 2}));
    EXPECT_TRUE(harness.engine().reap());
  }
}

TEST(Changes, ScriptsOfSeveralCoresChangeEventsAtOnce) {
  Harness harness;
  constexpr u32 count = 64;
  for (u32 i = 0; i < count; ++i) harness.add(Wish().script());
  std::atomic<u32> cleared{0};
  const auto script = [&](u32 seed) {
    for (u32 i = 0; i < 2000; ++i) {
      const u32 id = (i * 7 + seed) % count;
      harness.engine().set_enabled_from_script(id, i % 2 != 0);
      if (i >= 1000 && harness.engine().clear_from_script(id)) ++cleared;
    }
  };
  std::thread other(script, 3);
  script(0);
  other.join();
  EXPECT_EQ(cleared, count);  // each by one of them
  EXPECT_FALSE(harness.engine().set_enabled_from_script(5, true));
  EXPECT_TRUE(harness.engine().reap());
  EXPECT_EQ(harness.engine().event_count(), 0u);
  EXPECT_EQ(harness.add(Wish().script()), HYPERDBG_OK);
  EXPECT_TRUE(harness.engine().set_enabled_from_script(harness.id, false));
}

TEST(Changes, MemoryOfClearedEventsIsUsedAgainAfterReap) {
  Harness harness;
  harness.data_pages_left = 2;
  harness.code_pages_left = 2;
  EXPECT_EQ(harness.add(Wish().script()), HYPERDBG_OK);
  EXPECT_EQ(harness.add(Wish().script()), HYPERDBG_OK);
  EXPECT_EQ(harness.add(Wish().script()), HYPERDBG_REGULAR_EVENT_NOT_FOUND);
  EXPECT_EQ(harness.modify(0, HYPERDBG_EVENT_CLEAR), HYPERDBG_OK);
  EXPECT_EQ(harness.list().size(), 2u);
  EXPECT_TRUE(harness.info(0).flags & HYPERDBG_EVENT_CLEARED);
  EXPECT_EQ(harness.engine().event_count(), 1u);
  EXPECT_TRUE(harness.engine().reap());
  EXPECT_EQ(harness.list().size(), 1u);
  EXPECT_EQ(harness.engine().free_events(), 1u);
  EXPECT_EQ(harness.engine().free_actions(), 1u);
  EXPECT_EQ(harness.add(Wish().key(3).script()), HYPERDBG_OK);
  EXPECT_EQ(harness.id, 3u);
  FakeHost host = harness.host();
  harness.trigger(host, 3);
  EXPECT_EQ(ids_of(host), (std::vector<u32>{1, 3}));
  EXPECT_EQ(harness.info(3).hits, 1u);
}

TEST(Changes, ReapWaitsForTheOtherCoreBetweenPreAndPost) {
  Harness harness;
  harness.add(Wish().stage(HYPERDBG_POST).script());
  FakeHost host = harness.host(1);
  const Trigger trigger{HYPERDBG_EVENT_CPUID, 1, 1};
  ASSERT_TRUE(harness.engine().run_pre(host, trigger).post);
  harness.modify(0, HYPERDBG_EVENT_CLEAR);
  EXPECT_FALSE(harness.engine().reap());
  harness.engine().run_post(host, trigger);
  EXPECT_TRUE(host.runs.empty());
  harness.engine().account(1, 10);
  EXPECT_TRUE(harness.engine().reap());
}

TEST(Changes, ResetInsideATrigger) {
  Harness harness;
  harness.add(Wish().breaks().script().stage(HYPERDBG_ALL));
  harness.add(Wish().script());
  FakeHost host = harness.host();
  host.halted = [&](u32) {
    EXPECT_EQ(harness.request(HYPERDBG_REQUEST_RESET, {}).status, HYPERDBG_OK);
    EXPECT_TRUE(harness.list().empty());
    EXPECT_EQ(harness.add(Wish().stage(HYPERDBG_ALL).script()), HYPERDBG_OK);
    EXPECT_EQ(harness.id, 0u);
  };
  harness.trigger(host, 1);
  EXPECT_EQ(host.runs.size(), 1u);
  EXPECT_TRUE(harness.engine().reap());
  host.runs.clear();
  harness.trigger(host, 1);
  EXPECT_EQ(host.runs, (std::vector<Ran>{{0, 0, Stage::pre}, {0, 0, Stage::post}}));
}

TEST(Changes, EventsScChangesTheVoteOfTheHaltedEventOnce) {
  Harness harness;
  harness.add(Wish().breaks());
  FakeHost host = harness.host(2);
  u32 on = 1;
  Status other_core = HYPERDBG_OK, same_core = HYPERDBG_OK;
  host.halted = [&](u32) {
    other_core = harness.request_with(HYPERDBG_REQUEST_EVENT_SC, on, 1).status;
    same_core = harness.request_with(HYPERDBG_REQUEST_EVENT_SC, on, 2).status;
  };
  EXPECT_EQ(harness.trigger(host, 1), Next::skip);
  EXPECT_EQ(other_core, HYPERDBG_NOT_IN_EVENT);
  EXPECT_EQ(same_core, HYPERDBG_OK);
  host.halted = nullptr;
  EXPECT_EQ(harness.trigger(host, 1), Next::emulate);
}

TEST(Changes, EventsScOffAndInPost) {
  Harness harness;
  harness.add(Wish().sc().breaks());
  harness.add(Wish().stage(HYPERDBG_POST).breaks());
  FakeHost host = harness.host();
  std::vector<Status> statuses;
  host.halted = [&](u32) { statuses.push_back(harness.request_with(HYPERDBG_REQUEST_EVENT_SC, u32{0}).status); };
  EXPECT_EQ(harness.trigger(host, 1), Next::emulate);
  EXPECT_EQ(statuses, (std::vector<Status>{HYPERDBG_OK, HYPERDBG_NOT_IN_EVENT}));
  EXPECT_EQ(harness.engine().running(0), nullptr);
  EXPECT_EQ(harness.request_with(HYPERDBG_REQUEST_EVENT_SC, u32{2}).status, HYPERDBG_MALFORMED);
}

TEST(Changes, AnEventThatDisablesItselfKeepsItsVote) {
  Harness harness;
  harness.add(Wish().script(sc_on).script(call_back));
  FakeHost host = harness.host();
  host.callback = [&](const ScriptCall& call) { harness.engine().set_enabled(call.event, false); };
  EXPECT_EQ(harness.trigger(host, 1), Next::skip);
  EXPECT_EQ(harness.trigger(host, 1), Next::emulate);
}

TEST(Changes, TicksGoToEveryEventOfTheTriggerHoweverMany) {
  Harness harness;
  for (int i = 0; i < 100; ++i) harness.add(Wish().script().process(100));
  harness.add(Wish().key(9).script());
  FakeHost host = harness.host();
  harness.trigger(host, 1);
  harness.engine().account(0, 5);  // an exit without a trigger
  for (const hyperdbg_event_info& info : harness.list()) {
    EXPECT_EQ(info.ticks, info.id < 100 ? 1000u : 0u) << info.id;
    EXPECT_EQ(info.exits, info.id < 100 ? 1u : 0u) << info.id;
  }
}

TEST(Changes, CountsOfTwoCoresAreNotLost) {
  Harness harness;
  harness.add(Wish().stage(HYPERDBG_ALL).script());
  constexpr u64 times = 20000;
  const auto run = [&](u32 core) {
    FakeHost host = harness.host(core);
    const Trigger trigger{HYPERDBG_EVENT_CPUID, 1, 1};
    for (u64 i = 0; i < times; ++i) {
      if (harness.engine().run_pre(host, trigger).post) harness.engine().run_post(host, trigger);
      harness.engine().account(core, 3);
    }
  };
  std::thread other(run, 1);
  run(0);
  other.join();
  EXPECT_EQ(harness.info(0).hits, 4 * times);
  EXPECT_EQ(harness.info(0).exits, 2 * times);
  EXPECT_EQ(harness.info(0).ticks, 6 * times);
}

}  // namespace
}  // namespace hyperdbg::test
