// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "hypervisor/events/engine_fixture.hpp"

namespace hyperdbg::test {
namespace {

Status add_after(void (*change)(Wish&)) {
  Harness harness;
  Wish wish = Wish().key(1).script();
  change(wish);
  const Status status = harness.add(wish);
  EXPECT_EQ(harness.list().size(), status == HYPERDBG_OK ? 1u : 0u);
  return status;
}

TEST(Requests, EachRefusalHasItsStatus) {
  EXPECT_EQ(add_after([](Wish&) {}), HYPERDBG_OK);
  EXPECT_EQ(add_after([](Wish& wish) { wish.kind(HYPERDBG_EVENT_MODE); }), HYPERDBG_NOT_SUPPORTED);
  EXPECT_EQ(add_after([](Wish& wish) { wish.kind(~0u); }), HYPERDBG_NOT_SUPPORTED);
  EXPECT_EQ(add_after([](Wish& wish) { wish.stage(0); }), HYPERDBG_MALFORMED);
  EXPECT_EQ(add_after([](Wish& wish) { wish.stage(4); }), HYPERDBG_MALFORMED);
  EXPECT_EQ(add_after([](Wish& wish) { wish.stage(HYPERDBG_POST).sc(); }), HYPERDBG_SHORT_CIRCUIT_AND_POST);
  EXPECT_EQ(add_after([](Wish& wish) { wish.stage(HYPERDBG_ALL).sc(); }), HYPERDBG_SHORT_CIRCUIT_AND_POST);
  EXPECT_EQ(add_after([](Wish& wish) { wish.key(0x100000000); }), HYPERDBG_MALFORMED);
  EXPECT_EQ(add_after([](Wish& wish) { wish.core(4); }), HYPERDBG_INVALID_CORE);
  EXPECT_EQ(add_after([](Wish& wish) { wish.event.flags = 0x10; }), HYPERDBG_MALFORMED);
  EXPECT_EQ(add_after([](Wish& wish) { wish.event.reserved = 1; }), HYPERDBG_MALFORMED);
  EXPECT_EQ(add_after([](Wish& wish) { wish.actions[0].flags = 8; }), HYPERDBG_MALFORMED);
  EXPECT_EQ(add_after([](Wish& wish) { wish.actions[0].kind = 9; }), HYPERDBG_MALFORMED);
  EXPECT_EQ(add_after([](Wish& wish) { wish.actions[0].kind = HYPERDBG_ACTION_BREAK; }), HYPERDBG_MALFORMED);
  EXPECT_EQ(add_after([](Wish& wish) { wish.actions[0].code.clear(); }), HYPERDBG_MALFORMED);
  EXPECT_EQ(add_after([](Wish& wish) { wish.actions[0].code.resize(8192); }), HYPERDBG_OK);
  EXPECT_EQ(add_after([](Wish& wish) { wish.actions[0].code.resize(8193); }), HYPERDBG_ACTION_TOO_BIG);
  EXPECT_EQ(add_after([](Wish& wish) { wish.actions[0].metadata.resize(8185); }), HYPERDBG_ACTION_TOO_BIG);
  EXPECT_EQ(add_after([](Wish& wish) { wish.actions.resize(17, wish.actions[0]); }), HYPERDBG_MALFORMED);
}

TEST(Requests, BreaksNeedSomebodyToBreakTo) {
  Harness harness(1024, false);
  EXPECT_EQ(harness.add(Wish().breaks()), HYPERDBG_BREAK_IN_VMI);
  EXPECT_EQ(harness.engine().event_count(), 0u);
}

TEST(Requests, NumbersAreSpentByFailuresToo) {
  Harness harness;
  harness.add(Wish().script());
  EXPECT_EQ(harness.id, 0u);
  EXPECT_EQ(harness.add(Wish().core(99).script()), HYPERDBG_INVALID_CORE);
  harness.add(Wish().script());
  EXPECT_EQ(harness.id, 2u);
  EXPECT_EQ(harness.engine().find(2)->tag(), 0x1000002u);
  harness.request(HYPERDBG_REQUEST_RESET, {});
  harness.add(Wish().script());
  EXPECT_EQ(harness.id, 0u);
}

TEST(Requests, AnEventWithoutActionsIsDisabledForGood) {
  Harness harness;
  EXPECT_EQ(harness.add(Wish()), HYPERDBG_OK);
  EXPECT_EQ(harness.modify(0, HYPERDBG_EVENT_ENABLE), HYPERDBG_NO_ACTIONS);
  EXPECT_EQ(harness.info(0).flags, 0u);
  FakeHost host = harness.host();
  harness.trigger(host, 1);
  EXPECT_EQ(harness.info(0).hits, 0u);
}

TEST(Requests, SlotsRunOutWithTheirOwnStatusAndNothingIsLeftBehind) {
  Harness harness;
  harness.engine().reserve(20, 20);
  EXPECT_EQ(harness.engine().free_events(), 20u);
  EXPECT_EQ(harness.engine().free_actions(), 20u);
  harness.data_pages_left = harness.code_pages_left = 0;
  EXPECT_EQ(harness.add(Wish().script().script().script()), HYPERDBG_OK);
  for (int i = 0; i < 17; ++i) EXPECT_EQ(harness.add(Wish().script()), HYPERDBG_OK);
  EXPECT_EQ(harness.add(Wish().script()), HYPERDBG_REGULAR_ACTION_NOT_FOUND);
  EXPECT_EQ(harness.engine().free_events(), 2u);
  EXPECT_EQ(harness.add(Wish().breaks()), HYPERDBG_OK);
  EXPECT_EQ(harness.add(Wish().breaks()), HYPERDBG_OK);
  EXPECT_EQ(harness.add(Wish().breaks()), HYPERDBG_REGULAR_EVENT_NOT_FOUND);
  EXPECT_EQ(harness.list().size(), 20u);
  harness.modify(0, HYPERDBG_EVENT_CLEAR);
  harness.engine().reap();
  EXPECT_EQ(harness.add(Wish().script().script().script().script()), HYPERDBG_REGULAR_ACTION_NOT_FOUND);
  EXPECT_EQ(harness.engine().free_actions(), 3u);
  EXPECT_EQ(harness.add(Wish().script().script().script()), HYPERDBG_OK);
}

TEST(Requests, AFullTableIsReportedAndReleasesTheSlots) {
  Harness harness(64);
  Status status;
  u64 key = 0;
  while ((status = harness.add(Wish().key(key++).core(1).script())) == HYPERDBG_OK)
    ;
  EXPECT_EQ(status, HYPERDBG_EVENT_NOT_CREATED);
  EXPECT_GE(harness.engine().free_actions(), 1u);
  EXPECT_EQ(harness.list().size(), harness.engine().event_count());
}

TEST(Requests, ListsInPortionsWithEverythingThatWasAsked) {
  Harness harness;
  for (u32 i = 0; i < 10; ++i)
    harness.add(Wish().kind(HYPERDBG_EVENT_WRMSR).key(i).process(i).core(i % 4).sc().script());
  harness.answer.resize(3 * sizeof(hyperdbg_event_info) + 5);
  const auto events = harness.list();
  ASSERT_EQ(events.size(), 10u);
  const hyperdbg_event_info& info = events[7];
  EXPECT_EQ(info.id, 7u);
  EXPECT_EQ(info.kind, HYPERDBG_EVENT_WRMSR);
  EXPECT_EQ(info.key, 7u);
  EXPECT_EQ(info.process, 7u);
  EXPECT_EQ(info.core, 3u);
  EXPECT_EQ(info.stage, HYPERDBG_PRE);
  EXPECT_EQ(info.flags, u32{HYPERDBG_EVENT_SHORT_CIRCUIT | HYPERDBG_EVENT_ENABLED});
  EXPECT_EQ(info.action_count, 1u);
  EXPECT_EQ(info.text_size, 6u);
}

TEST(Requests, TextIsKeptAndALongOneEndsInDots) {
  Harness harness;
  Wish wish = Wish().script();
  harness.add(wish);
  wish.text = std::string(1024, 'x');
  harness.add(wish);
  wish.text += 'y';
  harness.add(wish);
  const auto text = [&](u32 id) {
    const AnswerPayload result = harness.request_with(HYPERDBG_REQUEST_EVENT_TEXT, hyperdbg_event_reference{id});
    return std::string(reinterpret_cast<char*>(harness.answer.data()), result.size);
  };
  EXPECT_EQ(text(0), "!cpuid");
  EXPECT_EQ(text(1), std::string(1024, 'x'));
  EXPECT_EQ(text(2), std::string(1021, 'x') + "...");
  EXPECT_EQ(harness.request_with(HYPERDBG_REQUEST_EVENT_TEXT, u32{3}).status, HYPERDBG_UNKNOWN_TAG);
}

TEST(Requests, MetadataComesBackByteForByteAndCodeIsAligned) {
  Harness harness;
  Wish wish;
  for (u8 i = 0; i < 3; ++i)
    wish.actions.push_back({HYPERDBG_ACTION_SCRIPT, std::vector<u8>(i + 5, nothing), std::vector<u8>(i * 7, i)});
  harness.add(wish);
  for (const Action* action = harness.engine().find(0)->actions; action; action = action->next)
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(action->code) % 16, 0u);
  for (u32 i = 0; i < 3; ++i) {
    const AnswerPayload result = harness.request_with(HYPERDBG_REQUEST_EVENT_METADATA, hyperdbg_action_reference{0, i});
    ASSERT_EQ(result.status, HYPERDBG_OK);
    EXPECT_EQ(std::vector<u8>(harness.answer.data(), harness.answer.data() + result.size), wish.actions[i].metadata);
  }
  EXPECT_EQ(harness.request_with(HYPERDBG_REQUEST_EVENT_METADATA, hyperdbg_action_reference{0, 3}).status,
            HYPERDBG_MALFORMED);
}

TEST(Requests, ModifyOneOrAll) {
  Harness harness;
  for (int i = 0; i < 3; ++i) harness.add(Wish().script());
  EXPECT_EQ(harness.modify(5, HYPERDBG_EVENT_ENABLE), HYPERDBG_UNKNOWN_TAG);
  EXPECT_EQ(harness.modify(1, 9), HYPERDBG_UNKNOWN_MODIFICATION);
  EXPECT_EQ(harness.modify(HYPERDBG_ALL_EVENTS, 0), HYPERDBG_UNKNOWN_MODIFICATION);
  EXPECT_EQ(harness.modify(HYPERDBG_ALL_EVENTS, HYPERDBG_EVENT_DISABLE), HYPERDBG_OK);
  EXPECT_EQ(harness.modify(1, HYPERDBG_EVENT_ENABLE), HYPERDBG_OK);
  FakeHost host = harness.host();
  harness.trigger(host, 1);
  EXPECT_EQ(host.runs, (std::vector<Ran>{{1, 0, Stage::pre}}));
  EXPECT_EQ(harness.modify(HYPERDBG_ALL_EVENTS, HYPERDBG_EVENT_CLEAR), HYPERDBG_OK);
  EXPECT_EQ(harness.modify(1, HYPERDBG_EVENT_ENABLE), HYPERDBG_UNKNOWN_TAG);
  EXPECT_EQ(harness.engine().event_count(), 0u);
}

TEST(Requests, GlobalsKeepTheirSlots) {
  Harness harness;
  const auto slot = [&](const std::string& name) {
    const auto result =
        harness.request(HYPERDBG_REQUEST_GLOBAL_SLOT, {reinterpret_cast<const u8*>(name.data()), name.size()});
    u32 number;
    std::memcpy(&number, harness.answer.data(), sizeof(number));
    return result.status == HYPERDBG_OK ? s64{number} : -1;
  };
  EXPECT_EQ(slot("count"), 0);
  EXPECT_EQ(slot("coun"), 1);
  EXPECT_EQ(slot("count"), 0);
  EXPECT_EQ(slot(""), -1);
  EXPECT_EQ(slot(std::string(31, 'a')), 2);
  EXPECT_EQ(slot(std::string(32, 'a')), -1);
  EXPECT_EQ(slot(std::string("a\0b", 3)), -1);
  EXPECT_EQ(harness.request(HYPERDBG_REQUEST_GLOBAL_NAMES, {}).size, 3u * HYPERDBG_GLOBAL_NAME_SIZE);
  EXPECT_STREQ(reinterpret_cast<char*>(harness.answer.data()), "count");
  for (int i = 3; i < HYPERDBG_MAXIMUM_GLOBALS; ++i) EXPECT_EQ(slot("v" + std::to_string(i)), i);
  EXPECT_EQ(slot("more"), -1);
  harness.engine().globals()[0] = 5;
  harness.request(HYPERDBG_REQUEST_RESET, {});
  EXPECT_EQ(slot("other"), 0);
  EXPECT_EQ(harness.engine().globals()[0], 0u);
}

TEST(Requests, EveryTruncationIsRefused) {
  Harness harness;
  Wish wish = Wish().script().breaks();
  wish.actions[0].metadata = {1, 2, 3};
  const std::vector<u8> bytes = wish.bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<u8> part(bytes.begin(), bytes.begin() + size);  // of its own, so that sanitizers see its end
    EXPECT_EQ(harness.request(HYPERDBG_REQUEST_EVENT_ADD, part).status, HYPERDBG_MALFORMED) << size;
  }
  EXPECT_EQ(harness.add(wish), HYPERDBG_OK);
  EXPECT_EQ(harness.id, 0u);
  std::vector<u8> longer = bytes;
  longer.resize(longer.size() + 8);
  EXPECT_EQ(harness.request(HYPERDBG_REQUEST_EVENT_ADD, longer).status, HYPERDBG_MALFORMED);
}

TEST(Requests, DamagedOnesNeverLeaveTheirBounds) {
  std::mt19937 random(2);
  Harness harness(256);
  Wish wish = Wish().key(1).script().script();
  wish.actions[0].metadata.resize(20, 7);
  const std::vector<u8> good = wish.bytes();
  for (int i = 0; i < 30000; ++i) {
    std::vector<u8> bytes = good;
    for (u32 changes = random() % 4 + 1; changes > 0; --changes)
      bytes[random() % bytes.size()] = random() % 4 ? random() % 20 : random();
    if (random() % 3 == 0) bytes.resize(random() % bytes.size());
    bytes.shrink_to_fit();
    harness.answer.assign(random() % 200, 0);
    harness.request(random() % 10 ? u32{HYPERDBG_REQUEST_EVENT_ADD} : 3 + random() % 20, bytes, random());
    if (harness.engine().event_count() > 50) harness.request(HYPERDBG_REQUEST_RESET, {});
    FakeHost host = harness.host();
    host.callback = [](const ScriptCall&) {};
    harness.trigger(host, 1);
  }
}

}  // namespace
}  // namespace hyperdbg::test
