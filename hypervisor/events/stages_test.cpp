// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "hypervisor/events/engine_fixture.hpp"

// Stages and short-circuiting. The exhaustive test compares every sequence of up to four kinds of event, so every order
// of creation too, with the rules written down once more in the plainest way.
namespace hyperdbg::test {
namespace {

struct Species {
  u32 stage;
  bool sc_default;
  bool disabled;
  std::vector<u8> actions;
};

const Species all_species[] = {
    {HYPERDBG_PRE, false, false, {nothing}},
    {HYPERDBG_PRE, true, false, {nothing}},
    {HYPERDBG_PRE, false, false, {sc_on, nothing}},
    {HYPERDBG_PRE, true, false, {sc_off}},
    {HYPERDBG_PRE, true, true, {nothing}},
    {HYPERDBG_PRE, false, false, {set_rip}},
    {HYPERDBG_POST, false, false, {nothing, nothing}},
    {HYPERDBG_POST, false, false, {sc_on}},
    {HYPERDBG_ALL, false, false, {nothing}},
    {HYPERDBG_ALL, false, false, {sc_on}},
};

struct Expectation {
  std::vector<Ran> runs;
  Next next = Next::emulate;
  u32 warnings = 0;
};

void expect_actions(Expectation& expected, u32 id, const Species& species, Stage stage) {
  for (u32 action = 0; action < species.actions.size(); ++action) {
    expected.runs.push_back({id, action, stage});
    if (stage == Stage::post && species.actions[action] == sc_on) ++expected.warnings;
  }
}

Expectation model(const std::vector<Species>& events) {
  Expectation expected;
  bool suppressed = false, redirected = false;
  for (u32 id = 0; id < events.size(); ++id) {
    const Species& event = events[id];
    if (event.disabled || !(event.stage & HYPERDBG_PRE)) continue;
    expect_actions(expected, id, event, Stage::pre);
    bool vote = event.sc_default;
    for (u8 action : event.actions) {
      if (action == sc_on) vote = true;
      if (action == sc_off) vote = false;
      redirected |= action == set_rip;
    }
    suppressed |= vote;
  }
  if (redirected || suppressed) {
    expected.next = redirected ? Next::redirected : Next::skip;
    return expected;
  }
  for (u32 id = 0; id < events.size(); ++id)
    if (!events[id].disabled && events[id].stage & HYPERDBG_POST) expect_actions(expected, id, events[id], Stage::post);
  return expected;
}

void check(Harness& harness, const std::vector<Species>& events) {
  ASSERT_EQ(harness.request(HYPERDBG_REQUEST_RESET, {}).status, HYPERDBG_OK);
  for (const Species& species : events) {
    Wish wish;
    wish.stage(species.stage).key(1);
    if (species.sc_default) wish.sc();
    for (u8 action : species.actions) wish.script(action);
    ASSERT_EQ(harness.add(wish), HYPERDBG_OK);
    if (species.disabled) harness.modify(harness.id, HYPERDBG_EVENT_DISABLE);
  }
  const Expectation expected = model(events);
  for (int time = 0; time < 2; ++time) {  // votes do not survive into the next trigger
    FakeHost host = harness.host();
    EXPECT_EQ(harness.trigger(host, 1), expected.next);
    EXPECT_EQ(host.runs, expected.runs);
    EXPECT_EQ(host.warnings.size(), expected.warnings);
  }
}

TEST(Stages, EverySequenceOfUpToFourEvents) {
  Harness harness(64);
  std::vector<Species> events;
  const auto extend = [&](auto&& self, int depth) -> void {
    check(harness, events);
    if (depth == 0 || testing::Test::HasFailure()) return;
    for (const Species& species : all_species) {
      events.push_back(species);
      self(self, depth - 1);
      events.pop_back();
    }
  };
  extend(extend, 4);
}

TEST(Stages, AllRunsTwiceWithTheSameContext) {
  Harness harness;
  harness.add(Wish().stage(HYPERDBG_ALL).key(7).script());
  FakeHost host = harness.host();
  EXPECT_EQ(harness.trigger(host, 7), Next::emulate);
  EXPECT_EQ(host.runs, (std::vector<Ran>{{0, 0, Stage::pre}, {0, 0, Stage::post}}));
  EXPECT_EQ(host.contexts, (std::vector<u64>{7, 7}));
  EXPECT_EQ(harness.emulations, 1);
  EXPECT_EQ(harness.info(0).hits, 2u);
  EXPECT_EQ(harness.info(0).exits, 1u);
  EXPECT_EQ(harness.info(0).ticks, 1000u);
}

TEST(Stages, NoPostForAnyEventAfterAShortCircuit) {
  Harness harness;
  harness.add(Wish().stage(HYPERDBG_POST).key(7).script());
  harness.add(Wish().stage(HYPERDBG_ALL).script());
  harness.add(Wish().key(7).sc().script());
  FakeHost host = harness.host();
  EXPECT_EQ(harness.trigger(host, 7), Next::skip);
  EXPECT_EQ(host.runs, (std::vector<Ran>{{1, 0, Stage::pre}, {2, 0, Stage::pre}}));
  EXPECT_EQ(harness.emulations, 0);
}

TEST(Stages, EachEventHasItsOwnVote) {
  Harness harness;
  harness.add(Wish().sc().script());
  harness.add(Wish().script(sc_off));
  FakeHost host = harness.host();
  EXPECT_EQ(harness.trigger(host, 1), Next::skip);
}

TEST(Stages, PostVoteOnlyWarnsAndNamesTheEvent) {
  Harness harness;
  harness.add(Wish().script());
  harness.add(Wish().stage(HYPERDBG_POST).script(sc_on));
  FakeHost host = harness.host();
  EXPECT_EQ(harness.trigger(host, 1), Next::emulate);
  EXPECT_EQ(host.warnings, std::vector<u32>{1});
}

TEST(Stages, VoteOutsideOfAnEventWarns) {
  Harness harness;
  FakeHost host = harness.host();
  harness.engine().short_circuit(host, true);
  EXPECT_EQ(host.warnings, std::vector<u32>{HYPERDBG_NO_EVENT});
}

TEST(Stages, ActionsRunInInsertionOrderAndABreakIsOneOfThem) {
  Harness harness;
  harness.add(Wish().breaks().script().script());
  FakeHost host = harness.host();
  harness.trigger(host, 1);
  EXPECT_EQ(host.runs, (std::vector<Ran>{{0, ~0u, Stage::pre}, {0, 1, Stage::pre}, {0, 2, Stage::pre}}));
}

TEST(Stages, FailedRunsAreCountedAndTheRestStillRuns) {
  Harness harness;
  harness.add(Wish().script(fail).script());
  FakeHost host = harness.host();
  EXPECT_EQ(harness.trigger(host, 1), Next::emulate);
  EXPECT_EQ(host.runs.size(), 2u);
  EXPECT_EQ(harness.info(0).failed, 1u);
  EXPECT_EQ(harness.info(0).hits, 1u);
}

TEST(Stages, UnwatchedTriggersDoNothing) {
  Harness harness;
  FakeHost host = harness.host();
  EXPECT_FALSE(harness.engine().watches(HYPERDBG_EVENT_CPUID));
  EXPECT_EQ(harness.trigger(host, 1), Next::emulate);
  harness.add(Wish().key(2).script());
  EXPECT_EQ(harness.trigger(host, 1), Next::emulate);
  EXPECT_EQ(harness.trigger(host, 1, HYPERDBG_EVENT_RDMSR), Next::emulate);
  EXPECT_EQ(harness.trigger(host, 1, 12345), Next::emulate);
  EXPECT_TRUE(host.runs.empty());
}

}  // namespace
}  // namespace hyperdbg::test
