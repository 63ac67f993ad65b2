// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>

#include "hypervisor/events/engine_fixture.hpp"

// Conditions, custom code, safe buffers, and actions that are added later.
namespace hyperdbg::test {
namespace {

using Runs = std::vector<Ran>;

TEST(Conditions, ZeroLeavesActionsAndTheVoteOut) {
  Harness harness;
  harness.add(Wish().sc().when(never).script());
  FakeHost host = harness.host();
  EXPECT_EQ(harness.trigger(host, 1), Next::emulate);
  EXPECT_TRUE(host.runs.empty());
  EXPECT_EQ(host.conditions, (Runs{{0, 0, Stage::pre}}));
  EXPECT_EQ(harness.info(0).hits, 0u);
  EXPECT_EQ(harness.info(0).exits, 1u);
}

TEST(Conditions, AnythingElseRunsThem) {
  Harness harness;
  harness.add(Wish().sc().when(always).script());
  FakeHost host = harness.host();
  EXPECT_EQ(harness.trigger(host, 1), Next::skip);
  EXPECT_EQ(host.runs, (Runs{{0, 0, Stage::pre}}));
}

TEST(Conditions, AreAskedInEachStage) {
  Harness harness;
  harness.add(Wish().stage(HYPERDBG_ALL).when(never).script());
  harness.add(Wish().stage(HYPERDBG_ALL).script());
  FakeHost host = harness.host();
  EXPECT_EQ(harness.trigger(host, 1), Next::emulate);
  EXPECT_EQ(host.conditions, (Runs{{0, 0, Stage::pre}, {0, 0, Stage::post}}));
  EXPECT_EQ(host.runs, (Runs{{1, 0, Stage::pre}, {1, 0, Stage::post}}));
}

TEST(Conditions, OneThatFaultsDisablesItsEventOnly) {
  Harness harness;
  harness.add(Wish().sc().when(faults).script());
  harness.add(Wish().script());
  FakeHost host = harness.host();
  EXPECT_EQ(harness.trigger(host, 1), Next::emulate);
  EXPECT_EQ(harness.trigger(host, 1), Next::emulate);
  EXPECT_EQ(host.conditions.size(), 1u);
  EXPECT_EQ(host.runs.size(), 2u);
  EXPECT_EQ(harness.info(0).failed, 1u);
  EXPECT_EQ(harness.info(0).flags & HYPERDBG_EVENT_ENABLED, 0u);
  EXPECT_EQ(harness.modify(0, HYPERDBG_EVENT_ENABLE), HYPERDBG_OK);
  EXPECT_EQ(harness.trigger(host, 1), Next::emulate);
  EXPECT_EQ(host.conditions.size(), 2u);
}

Status with_condition(std::size_t size, bool debugger_mode) {
  Harness harness(64, debugger_mode);
  Wish wish = Wish().script();
  wish.condition.assign(size, always);
  const Status status = harness.add(wish);
  FakeHost host = harness.host();
  harness.trigger(host, 1);
  EXPECT_EQ(host.runs.size(), status == HYPERDBG_OK ? 1u : 0u);
  return status;
}

TEST(Conditions, HaveTheDocumentedSizes) {
  EXPECT_EQ(with_condition(100, true), HYPERDBG_OK);
  EXPECT_EQ(with_condition(101, true), HYPERDBG_BIG_EVENT_NOT_FOUND);
  EXPECT_EQ(with_condition(4096, true), HYPERDBG_BIG_EVENT_NOT_FOUND);
  EXPECT_EQ(with_condition(4097, true), HYPERDBG_EVENT_TOO_BIG);
  EXPECT_EQ(with_condition(101, false), HYPERDBG_OK);
  EXPECT_EQ(with_condition(20000, false), HYPERDBG_OK);
}

// 64 of them share the pages of one slot, and what is cleared is used again.
TEST(Conditions, ShareTheirPages) {
  Harness harness;
  harness.engine().reserve(0, 64);
  harness.code_pages_left = 1;
  for (int time = 0; time < 2; ++time) {
    for (int i = 0; i < 64; ++i) ASSERT_EQ(harness.add(Wish().when(always).script()), HYPERDBG_OK);
    EXPECT_EQ(harness.add(Wish().when(always).script()), HYPERDBG_REGULAR_EVENT_NOT_FOUND);
    harness.modify(HYPERDBG_ALL_EVENTS, HYPERDBG_EVENT_CLEAR);
    harness.engine().reap();
  }
}

TEST(CustomCode, IsAnActionLikeAnyOther) {
  Harness harness;
  harness.add(Wish().script().code({nothing, 0xc3}).breaks().code({nothing, 0xc3}));
  FakeHost host = harness.host();
  harness.trigger(host, 1);
  EXPECT_EQ(host.runs, (Runs{{0, 0, Stage::pre}, {0, 1, Stage::pre}, {0, ~0u, Stage::pre}, {0, 3, Stage::pre}}));
}

TEST(CustomCode, AFaultDisablesTheEventAndEndsItsActions) {
  Harness harness;
  harness.add(Wish().script().code({fail}).script());
  FakeHost host = harness.host();
  harness.trigger(host, 1);
  harness.trigger(host, 1);
  EXPECT_EQ(host.runs, (Runs{{0, 0, Stage::pre}, {0, 1, Stage::pre}}));
  EXPECT_EQ(harness.info(0).failed, 1u);
}

Status with_code(std::size_t size, bool debugger_mode) {
  Harness harness(64, debugger_mode);
  return harness.add(Wish().code(std::vector<u8>(size, 0)));
}

TEST(CustomCode, HasTheDocumentedSizes) {
  EXPECT_EQ(with_code(8192, true), HYPERDBG_OK);
  EXPECT_EQ(with_code(8193, true), HYPERDBG_BIG_ACTION_NOT_FOUND);
  EXPECT_EQ(with_code(81920, true), HYPERDBG_BIG_ACTION_NOT_FOUND);
  EXPECT_EQ(with_code(81921, true), HYPERDBG_ACTION_TOO_BIG);
  EXPECT_EQ(with_code(81921, false), HYPERDBG_OK);
}

TEST(CustomCode, ComesInPiecesWhenItIsLong) {
  Harness harness(64, false);
  std::vector<u8> code(1 << 20, 0x90);
  code[0] = call_back;
  code.back() = 0xc3;
  harness.add(Wish());
  ASSERT_EQ(harness.stage_code(code, 65536), HYPERDBG_OK);
  ASSERT_EQ(harness.add_action(0, {HYPERDBG_ACTION_CODE, code, {}, HYPERDBG_ACTION_STAGED}), HYPERDBG_OK);
  FakeHost host = harness.host();
  int same = 0;
  host.callback = [&](const ScriptCall& call) {
    same += call.action.code_size == code.size() && std::equal(code.begin(), code.end(), call.action.code);
  };
  harness.trigger(host, 1);
  EXPECT_EQ(same, 1);
  EXPECT_EQ(harness.add_action(0, {HYPERDBG_ACTION_CODE, code, {}, HYPERDBG_ACTION_STAGED}), HYPERDBG_MALFORMED);
}

TEST(CustomCode, PiecesMustFollowEachOther) {
  Harness harness(64, false);
  harness.add(Wish());
  const auto piece = [&](u32 total, u32 offset, u32 size) {
    std::vector<u8> payload(sizeof(hyperdbg_code_piece) + size);
    const hyperdbg_code_piece header{total, offset};
    std::copy_n(reinterpret_cast<const u8*>(&header), sizeof(header), payload.begin());
    return harness.request(HYPERDBG_REQUEST_CODE_PIECE, payload).status;
  };
  EXPECT_EQ(piece(100, 50, 50), HYPERDBG_MALFORMED);
  EXPECT_EQ(piece(100, 0, 0), HYPERDBG_MALFORMED);
  EXPECT_EQ(piece(100, 0, 50), HYPERDBG_OK);
  EXPECT_EQ(piece(100, 0, 50), HYPERDBG_OK);
  EXPECT_EQ(piece(100, 40, 50), HYPERDBG_MALFORMED);
  EXPECT_EQ(piece(100, 50, 51), HYPERDBG_MALFORMED);
  const ActionWish staged{HYPERDBG_ACTION_CODE, std::vector<u8>(100), {}, HYPERDBG_ACTION_STAGED};
  EXPECT_EQ(harness.add_action(0, staged), HYPERDBG_MALFORMED) << "half of it is missing";
  EXPECT_EQ(piece(100, 50, 50), HYPERDBG_OK);
  EXPECT_EQ(harness.add_action(0, staged), HYPERDBG_OK);
  harness.code_pages_left = 1;
  EXPECT_EQ(piece(100000, 0, 60000), HYPERDBG_ACTION_OUT_OF_MEMORY);
  EXPECT_EQ(harness.request(HYPERDBG_REQUEST_RESET, {}).status, HYPERDBG_OK);
}

Status with_buffer(u32 size, bool debugger_mode, int left = 1) {
  Harness harness(64, debugger_mode);
  harness.buffers_left = left;
  const Status status = harness.add(Wish().buffer(size).script());
  EXPECT_EQ(harness.list().size(), status == HYPERDBG_OK ? 1u : 0u);
  return status;
}

TEST(SafeBuffers, EachRefusalHasItsStatus) {
  EXPECT_EQ(with_buffer(1, true), HYPERDBG_OK);
  EXPECT_EQ(with_buffer(81920, true), HYPERDBG_OK);
  EXPECT_EQ(with_buffer(81921, true), HYPERDBG_BUFFER_ABOVE_BIG);
  EXPECT_EQ(with_buffer(81921, false), HYPERDBG_OK);
  EXPECT_EQ(with_buffer(131072, false), HYPERDBG_OK);
  EXPECT_EQ(with_buffer(131073, false), HYPERDBG_BUFFER_TOO_BIG);
  EXPECT_EQ(with_buffer(131073, true), HYPERDBG_BUFFER_TOO_BIG);
  EXPECT_EQ(with_buffer(4096, true, 0), HYPERDBG_REGULAR_BUFFER_NOT_FOUND);
  EXPECT_EQ(with_buffer(4097, true, 0), HYPERDBG_BIG_BUFFER_NOT_FOUND);
  EXPECT_EQ(with_buffer(4097, false, 0), HYPERDBG_BUFFER_OUT_OF_MEMORY);
}

TEST(SafeBuffers, StartAsZerosAndStayForTheLifeOfTheEvent) {
  Harness harness;
  harness.buffers_left = 1;
  for (int time = 0; time < 2; ++time) {
    ASSERT_EQ(harness.add(Wish().buffer(16).script(call_back)), HYPERDBG_OK);
    u32 seen = 0;
    for (u32 core = 0; core < 3; ++core) {
      FakeHost host = harness.host(core);
      host.callback = [&](const ScriptCall& call) {
        EXPECT_EQ(call.event.buffer_size, 16u);
        seen = seen * 10 + call.event.buffer->writable[3]++;
      };
      harness.trigger(host, 1);
    }
    EXPECT_EQ(seen, 12u);
    harness.modify(harness.id, HYPERDBG_EVENT_CLEAR);
    harness.engine().reap();
  }
}

TEST(Actions, AreAddedBehindTheOthers) {
  Harness harness;
  harness.add(Wish().script());
  EXPECT_EQ(harness.add_action(0, {HYPERDBG_ACTION_CODE, {nothing}, {}}), HYPERDBG_OK);
  EXPECT_EQ(harness.add_action(0, {HYPERDBG_ACTION_BREAK, {}, {}}), HYPERDBG_OK);
  EXPECT_EQ(harness.add_action(0, {HYPERDBG_ACTION_LOG, {nothing}, {}}), HYPERDBG_OK);
  FakeHost host = harness.host();
  harness.trigger(host, 1);
  EXPECT_EQ(host.runs, (Runs{{0, 0, Stage::pre}, {0, 1, Stage::pre}, {0, ~0u, Stage::pre}, {0, 3, Stage::pre}}));
  EXPECT_EQ(harness.info(0).action_count, 4u);
}

TEST(Actions, TheFirstOneEnablesItsEvent) {
  Harness harness;
  harness.add(Wish().sc());
  EXPECT_EQ(harness.info(0).flags & HYPERDBG_EVENT_ENABLED, 0u);
  EXPECT_EQ(harness.modify(0, HYPERDBG_EVENT_ENABLE), HYPERDBG_NO_ACTIONS);
  FakeHost host = harness.host();
  EXPECT_EQ(harness.trigger(host, 1), Next::emulate);
  EXPECT_EQ(harness.add_action(0, {HYPERDBG_ACTION_SCRIPT, {nothing}, {}}), HYPERDBG_OK);
  EXPECT_NE(harness.info(0).flags & HYPERDBG_EVENT_ENABLED, 0u);
  EXPECT_EQ(harness.trigger(host, 1), Next::skip);
  harness.modify(0, HYPERDBG_EVENT_DISABLE);
  EXPECT_EQ(harness.add_action(0, {HYPERDBG_ACTION_SCRIPT, {nothing}, {}}), HYPERDBG_OK);
  EXPECT_EQ(harness.info(0).flags & HYPERDBG_EVENT_ENABLED, 0u) << "a later one does not";
}

TEST(Actions, AreRefusedWithoutATrace) {
  Harness harness(64, false);
  harness.add(Wish().buffer(8).script());
  EXPECT_EQ(harness.add_action(7, {HYPERDBG_ACTION_SCRIPT, {nothing}, {}}), HYPERDBG_UNKNOWN_TAG);
  EXPECT_EQ(harness.add_action(0, {HYPERDBG_ACTION_BREAK, {}, {}}), HYPERDBG_BREAK_IN_VMI);
  EXPECT_EQ(harness.add_action(0, {9, {nothing}, {}}), HYPERDBG_MALFORMED);
  EXPECT_EQ(harness.add_action(0, {HYPERDBG_ACTION_SCRIPT, {}, {}}), HYPERDBG_MALFORMED);
  EXPECT_EQ(harness.add_action(0, {HYPERDBG_ACTION_SCRIPT, {nothing}, {}}, 9), HYPERDBG_OTHER_BUFFER);
  EXPECT_EQ(harness.add_action(0, {HYPERDBG_ACTION_SCRIPT, {nothing}, {}, 8}), HYPERDBG_MALFORMED);
  EXPECT_EQ(harness.info(0).action_count, 1u);
  EXPECT_EQ(harness.add_action(0, {HYPERDBG_ACTION_SCRIPT, {nothing}, {}}, 8), HYPERDBG_OK);
  for (u32 i = 2; i < HYPERDBG_MAXIMUM_ACTIONS; ++i)
    EXPECT_EQ(harness.add_action(0, {HYPERDBG_ACTION_SCRIPT, {nothing}, {}}), HYPERDBG_OK);
  EXPECT_EQ(harness.add_action(0, {HYPERDBG_ACTION_SCRIPT, {nothing}, {}}), HYPERDBG_TOO_MANY_ACTIONS);
}

}  // namespace
}  // namespace hyperdbg::test
