// SPDX-License-Identifier: MIT
#include "hypervisor/core/script_events.hpp"

#include <cstring>

#include "abi/event.h"
#include "abi/record.h"
#include "hypervisor/core/core_fixture.hpp"

namespace hyperdbg::test {
namespace {

using Trace = std::vector<std::string>;

struct ScriptEvents : CoreTest {
  static u64 ask_service(hyperdbg_script_context& context, u64 service, u64 argument = 0) {
    return context.runtime->service(&context, service, argument, 0, 0, 2 << 12 | 3);
  }
  static Script does(u64 service, u64 argument = 0) {
    return [=](hyperdbg_script_context& context) { ask_service(context, service, argument); };
  }
  void cpuid() {
    cpu().registers.rax = 1;
    run(ExitKind::cpuid);
  }
  hyperdbg_script_failure only_warning() {
    hyperdbg_script_failure warning{};
    const auto all = records();
    EXPECT_EQ(all.size(), 1u);
    if (all.size() != 1 || all[0].size() < sizeof(hyperdbg_record) + sizeof(warning)) return warning;
    hyperdbg_record header{};
    std::memcpy(&header, all[0].data(), sizeof(header));
    EXPECT_EQ(header.kind, u32{HYPERDBG_RECORD_SCRIPT_WARNING});
    std::memcpy(&warning, all[0].data() + sizeof(header), sizeof(warning));
    EXPECT_EQ(warning.position, 2u << 12 | 3);
    return warning;
  }
};

TEST_F(ScriptEvents, DisableAndEnableOthersAtOnce) {
  add_event(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_PRE, does(HYPERDBG_SERVICE_EVENT_DISABLE, 1));
  add_event(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_PRE, says("one"));
  add_event(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_PRE, says("two"));
  cpuid();
  EXPECT_EQ(trace, (Trace{"two", "cpuid", "advance"}));
  EXPECT_EQ(info(1).flags & HYPERDBG_EVENT_ENABLED, 0u);
  add_event(HYPERDBG_EVENT_CPUID, 2, HYPERDBG_PRE, does(HYPERDBG_SERVICE_EVENT_ENABLE, 1));
  cpu().registers.rax = 2;
  run(ExitKind::cpuid);
  EXPECT_NE(info(1).flags & HYPERDBG_EVENT_ENABLED, 0u);
}

TEST_F(ScriptEvents, AnEventMayDisableItself) {
  const u32 event = add_event(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_ALL, [](hyperdbg_script_context& context) {
    ask_service(context, HYPERDBG_SERVICE_EVENT_DISABLE, context.event_id);
  });
  cpuid();
  cpuid();
  EXPECT_EQ(info(event).hits, 1u);
}

TEST_F(ScriptEvents, WhatIsClearedIsGoneBehindTheExit) {
  add_event(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_PRE, [](hyperdbg_script_context& context) {
    ask_service(context, HYPERDBG_SERVICE_EVENT_CLEAR, 1);
    ask_service(context, HYPERDBG_SERVICE_EVENT_CLEAR, context.event_id);
  });
  add_event(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_ALL, says("one"));
  const u32 free = machine.engine.free_events();
  cpuid();
  EXPECT_EQ(trace, (Trace{"cpuid", "advance"}));
  EXPECT_EQ(machine.engine.event_count(), 0u);
  EXPECT_EQ(machine.engine.free_events(), free + 2);
  EXPECT_FALSE(machine.stop.requested());
  EXPECT_TRUE(records().empty());
}

TEST_F(ScriptEvents, UnknownNumbersAreOnlyTold) {
  u64 number = 0x77;
  const u32 event = add_event(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_PRE, [&](hyperdbg_script_context& context) {
    ask_service(context, HYPERDBG_SERVICE_EVENT_CLEAR, number);
  });
  for (const u64 tried : {0x77ull, 0x1'0000'0000ull}) {
    number = tried;
    cpuid();
    const auto warning = only_warning();
    EXPECT_EQ(warning.error, u32{HYPERDBG_WARNING_UNKNOWN_EVENT});
    EXPECT_EQ(warning.detail, tried);
  }
  EXPECT_EQ(info(event).failed, 0u);
}

TEST_F(ScriptEvents, PauseHaltsInsideTheScript) {
  const u32 event = add_event(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_PRE, [&](hyperdbg_script_context& context) {
    trace.push_back("before");
    ask_service(context, HYPERDBG_SERVICE_PAUSE);
    trace.push_back("after");
  });
  line.while_halted.push_back(packet(HYPERDBG_PACKET_REQUEST, 1, request(HYPERDBG_REQUEST_CONTINUE)));
  cpuid();
  EXPECT_EQ(trace, (Trace{"before", "after", "cpuid", "advance"}));
  hyperdbg_halted halted{};
  const auto packets = heard();
  ASSERT_EQ(packets.at(0).kind, u32{HYPERDBG_PACKET_HALTED});
  std::memcpy(&halted, packets[0].payload.data(), sizeof(halted));
  EXPECT_EQ(halted.reason, u32{HYPERDBG_HALT_EVENT});
  EXPECT_EQ(halted.event, event);
}

TEST_F(ScriptEvents, PauseInVmiModeIsOnlyTold) {
  machine.boot->mode = HYPERDBG_MODE_VMI;
  add_event(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_PRE, does(HYPERDBG_SERVICE_PAUSE));
  cpuid();
  EXPECT_EQ(only_warning().error, u32{HYPERDBG_WARNING_PAUSE_IN_VMI});
  EXPECT_EQ(trace.back(), "advance");
}

TEST_F(ScriptEvents, FlushIsAMarkAmongTheMessages) {
  add_event(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_PRE, does(HYPERDBG_SERVICE_FLUSH));
  cpuid();
  const auto all = records();
  ASSERT_EQ(all.size(), 1u);
  hyperdbg_record header{};
  std::memcpy(&header, all[0].data(), sizeof(header));
  EXPECT_EQ(header.kind, u32{HYPERDBG_RECORD_FLUSH});
}

}  // namespace
}  // namespace hyperdbg::test
