// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "capi/hyperdbg.h"
#include "capi/session.hpp"
#include "session/fake_target.hpp"

namespace hyperdbg {
namespace {

struct CApi : testing::Test {
  std::shared_ptr<FakeTarget::State> debuggee = std::make_shared<FakeTarget::State>();
  hyperdbg_session* session = nullptr;

  CApi() {
    debuggee->hello.mode = HYPERDBG_MODE_VMI;
    session = open_session(std::make_unique<FakeTarget>(debuggee));
  }
  ~CApi() override { hyperdbg_close(session); }
};

TEST_F(CApi, AnEventIsDisabledUntilItHasAnAction) {
  ASSERT_NE(session, nullptr);
  PDEBUGGER_EVENT event = hyperdbg_create_event(session, "!cpuid 12345 stage post");
  ASSERT_NE(event, nullptr) << hyperdbg_error(session);
  EXPECT_TRUE(debuggee->events[0].actions.empty());
  EXPECT_EQ(hyperdbg_event_enabled(event), 0);
  unsigned char code[] = {0x90, 0xc3};
  DEBUGGER_EVENT_REQUEST_CUSTOM_CODE request{sizeof(code), code, 0x100};
  EXPECT_EQ(DebuggerAddActionToEvent(event, RUN_CUSTOM_CODE, FALSE, &request, nullptr), TRUE);
  EXPECT_EQ(hyperdbg_event_enabled(event), 1);
  EXPECT_EQ(debuggee->events[0].actions[0].code, (Bytes{0x90, 0xc3})) << "nothing is appended";
  EXPECT_EQ(debuggee->events[0].actions[0].flags, std::uint32_t{HYPERDBG_ACTION_ACCUMULATE});
  EXPECT_EQ(debuggee->events[0].definition.buffer_size, 0x100u);
  EXPECT_EQ(hyperdbg_event_number(event), 0u);
  EXPECT_EQ(hyperdbg_enable_event(event, FALSE), TRUE);
  EXPECT_EQ(hyperdbg_event_enabled(event), 0);
  EXPECT_EQ(hyperdbg_clear_event(event), TRUE);
  EXPECT_TRUE(debuggee->events.empty());
}

TEST_F(CApi, SaysWhatIsWrong) {
  EXPECT_EQ(hyperdbg_create_event(session, "!nothing"), nullptr);
  EXPECT_STREQ(hyperdbg_error(session), "err, couldn't resolve command at '!nothing'");
  PDEBUGGER_EVENT event = hyperdbg_create_event(session, "!cpuid");
  EXPECT_EQ(DebuggerAddActionToEvent(event, RUN_CUSTOM_CODE, TRUE, nullptr, nullptr), FALSE);
  EXPECT_EQ(DebuggerAddActionToEvent(event, LOG_THE_STATES, TRUE, nullptr, nullptr), FALSE);
  DEBUGGER_EVENT_ACTION_LOG_CONFIGURATION log{"nonsense"};
  EXPECT_EQ(DebuggerAddActionToEvent(event, LOG_THE_STATES, TRUE, nullptr, &log), FALSE);
  EXPECT_NE(std::string(hyperdbg_error(session)).find("'log' cannot show 'nonsense'"), std::string::npos);
  EXPECT_EQ(DebuggerAddActionToEvent(event, static_cast<DEBUGGER_EVENT_ACTION_TYPE_ENUM>(9), TRUE, nullptr, nullptr),
            FALSE);
  EXPECT_TRUE(debuggee->events[0].actions.empty());
}

}  // namespace
}  // namespace hyperdbg
