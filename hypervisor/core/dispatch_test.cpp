// SPDX-License-Identifier: MIT
#include "hypervisor/core/dispatch.hpp"

#include "hypervisor/core/core_fixture.hpp"

// What happens around the emulation of one instruction.
namespace hyperdbg::test {
namespace {

using Trace = std::vector<std::string>;
constexpr u32 lstar = 0xc0000082, absent_msr = 0x12345;

struct Dispatch : CoreTest {
  Dispatch() { cpu().msrs[lstar] = 0x1111222233334444; }
};

TEST_F(Dispatch, EmulatesWhatNobodyWatches) {
  run(ExitKind::cpuid);
  EXPECT_EQ(trace, (Trace{"cpuid", "advance"}));
  EXPECT_EQ(cpu().exits, 1u);
  EXPECT_TRUE(line.out.empty());
}

TEST_F(Dispatch, RunsPreBeforeTheEffectAndPostBehindTheInstruction) {
  u64 rax_before = 0, rax_after = 0, rip_after = 0;
  add_event(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_PRE, [&](hyperdbg_script_context& context) {
    EXPECT_EQ(context.event_stage, 0u);
    EXPECT_EQ(context.context, 1u);
    rax_before = context.registers->rax;
    trace.push_back("pre");
  });
  add_event(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_POST, [&](hyperdbg_script_context& context) {
    EXPECT_EQ(context.event_stage, 1u);
    rax_after = context.registers->rax;
    rip_after = context.runtime->read_register(&context, HYPERDBG_RIP);
    context.registers->rcx = 7;
    trace.push_back("post");
  });
  cpu().registers.rax = 0xffffffff00000001;
  run(ExitKind::cpuid);
  EXPECT_EQ(trace, (Trace{"pre", "cpuid", "advance", "post"}));
  EXPECT_EQ(rax_before, 0xffffffff00000001);
  EXPECT_EQ(rax_after, 0x1du);
  EXPECT_EQ(rip_after, user_start + 2);
  EXPECT_EQ(cpu().registers.rcx, 7u);
}

TEST_F(Dispatch, RunsAnEventOfAllStagesTwice) {
  const u32 event = add_event(HYPERDBG_EVENT_CPUID, HYPERDBG_ANY_KEY, HYPERDBG_ALL, says("all"));
  run(ExitKind::cpuid);
  EXPECT_EQ(trace, (Trace{"all", "cpuid", "advance", "all"}));
  EXPECT_EQ(info(event).hits, 2u);
  EXPECT_EQ(info(event).exits, 1u);
}

TEST_F(Dispatch, LeavesOutEffectAndPostWhenShortCircuited) {
  add_event(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_POST, says("post"));
  add_event(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_PRE, says("pre"), HYPERDBG_EVENT_SHORT_CIRCUIT);
  cpu().registers.rax = 1;
  run(ExitKind::cpuid);
  EXPECT_EQ(trace, (Trace{"pre", "advance"}));
  EXPECT_EQ(cpu().registers.rax, 1u);
}

TEST_F(Dispatch, LetsAScriptShortCircuit) {
  add_event(HYPERDBG_EVENT_RDMSR, lstar, HYPERDBG_PRE, [&](hyperdbg_script_context& context) {
    context.registers->rax = 0xfade;
    context.runtime->event_short_circuit(&context, 1, 0);
  });
  add_event(HYPERDBG_EVENT_RDMSR, lstar, HYPERDBG_POST, says("post"));
  cpu().registers.rcx = lstar;
  run(ExitKind::rdmsr);
  EXPECT_EQ(trace, (Trace{"advance"}));
  EXPECT_EQ(cpu().registers.rax, 0xfadeu);
}

TEST_F(Dispatch, OnlyWarnsOfAShortCircuitInPost) {
  attach();
  add_event(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_POST,
            [&](hyperdbg_script_context& context) { context.runtime->event_short_circuit(&context, 1, 0); });
  cpu().registers.rax = 1;
  run(ExitKind::cpuid);
  EXPECT_EQ(trace, (Trace{"cpuid", "advance"}));
  const auto packets = heard();
  ASSERT_EQ(packets.size(), 1u);
  EXPECT_EQ(packets[0].kind, u32{HYPERDBG_PACKET_RECORDS});
}

TEST_F(Dispatch, ResumesWhereAScriptPutTheInstructionPointer) {
  add_event(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_PRE,
            [&](hyperdbg_script_context& context) { context.runtime->write_register(&context, HYPERDBG_RIP, 0x7777); });
  add_event(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_POST, says("post"));
  cpu().registers.rax = 1;
  run(ExitKind::cpuid);
  EXPECT_EQ(trace, Trace{});
  EXPECT_EQ(cpu().rip, 0x7777u);
  EXPECT_EQ(cpu().registers.rax, 1u);
}

TEST_F(Dispatch, ReadsAndWritesMsrs) {
  cpu().registers.rcx = 0xffffffff00000000 | lstar;
  cpu().registers.rax = cpu().registers.rdx = ~0ull;
  run(ExitKind::rdmsr);
  EXPECT_EQ(cpu().registers.rax, 0x33334444u);
  EXPECT_EQ(cpu().registers.rdx, 0x11112222u);
  cpu().registers.rax = 0xffffffff00000005;
  cpu().registers.rdx = 0xffffffff00000006;
  run(ExitKind::wrmsr);
  EXPECT_EQ(cpu().msrs[lstar], 0x600000005u);
}

TEST_F(Dispatch, WritesWhatAScriptMadeOfTheValue) {
  add_event(HYPERDBG_EVENT_WRMSR, lstar, HYPERDBG_PRE,
            [&](hyperdbg_script_context& context) { context.registers->rax |= 1 << 9; });
  cpu().registers.rcx = lstar;
  run(ExitKind::wrmsr);
  EXPECT_EQ(cpu().msrs[lstar], 1u << 9);
}

TEST_F(Dispatch, FaultingMsrsHaveAPreStageOnly) {
  for (const auto& [kind, exit] :
       {std::pair{HYPERDBG_EVENT_RDMSR, ExitKind::rdmsr}, std::pair{HYPERDBG_EVENT_WRMSR, ExitKind::wrmsr}}) {
    trace.clear();
    add_event(kind, absent_msr, HYPERDBG_ALL, says("ran"));
    cpu().registers.rcx = absent_msr;
    cpu().registers.rax = 3;
    cpu().rip = user_start;
    run(exit);
    EXPECT_EQ(trace, (Trace{"ran", "#GP"}));
    EXPECT_EQ(cpu().rip, user_start);
    EXPECT_EQ(cpu().registers.rax, 3u);
  }
}

TEST_F(Dispatch, MsrsInUserModeFaultUnseen) {
  add_event(HYPERDBG_EVENT_RDMSR, lstar, HYPERDBG_ALL, says("ran"));
  add_event(HYPERDBG_EVENT_WRMSR, lstar, HYPERDBG_ALL, says("ran"));
  cpu().privilege = 3;
  cpu().registers.rcx = lstar;
  run(ExitKind::rdmsr);
  run(ExitKind::wrmsr);
  EXPECT_EQ(trace, (Trace{"#GP", "#GP"}));
  EXPECT_EQ(cpu().rip, user_start);
}

TEST_F(Dispatch, CountsOnlyExitsThatReachedAnEvent) {
  const u32 event = add_event(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_PRE, says("pre"));
  cpu().registers.rax = 2;
  run(ExitKind::cpuid);
  EXPECT_EQ(info(event).exits, 0u);
  cpu().registers.rax = 1;
  run(ExitKind::cpuid);
  EXPECT_EQ(info(event).exits, 1u);
  EXPECT_GT(info(event).ticks, 0u);
}

TEST_F(Dispatch, CountsARunThatAnErrorEnded) {
  attach();
  const u32 event = add_event(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_PRE, [](hyperdbg_script_context& context) {
    context.runtime->read_memory(&context, user_hole, 8, 5 << 12 | 7);
  });
  cpu().registers.rax = 1;
  run(ExitKind::cpuid);
  EXPECT_EQ(trace, (Trace{"cpuid", "advance"}));
  EXPECT_EQ(info(event).failed, 1u);
  const auto packets = heard();
  ASSERT_EQ(packets.size(), 1u);
  hyperdbg_script_failure failure{};
  ASSERT_GE(packets[0].payload.size(), sizeof(hyperdbg_record) + sizeof(failure));
  __builtin_memcpy(&failure, packets[0].payload.data() + sizeof(hyperdbg_record), sizeof(failure));
  EXPECT_EQ(failure.error, u32{HYPERDBG_SCRIPT_INVALID_ADDRESS});
  EXPECT_EQ(failure.position, 5u << 12 | 7);
  EXPECT_EQ(failure.detail, user_hole);
}

TEST_F(Dispatch, KnowsProcessAndThread) {
  u64 process = 0, thread = 0, leader = 0;
  add_event(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_PRE, [&](hyperdbg_script_context& context) {
    process = context.runtime->pseudo_register(&context, HYPERDBG_PSEUDO_PID);
    thread = context.runtime->pseudo_register(&context, HYPERDBG_PSEUDO_TID);
    leader = context.runtime->pseudo_register(&context, HYPERDBG_PSEUDO_PROC);
  });
  cpu().registers.rax = 1;
  run(ExitKind::cpuid);
  EXPECT_EQ(process, guest_process);
  EXPECT_EQ(thread, guest_thread);
  EXPECT_EQ(leader, linear_map + 0xa000);
}

// As on a PC where nothing is at the port; a double word clears the upper half, as every 32-bit result does.
TEST_F(Dispatch, HiddenPortsReadAllOnes) {
  const auto in = [&](u8 size) {
    cpu().registers.rax = 0x1111222233330000;
    run({.kind = ExitKind::io, .length = 1, .io = {.port = 0x2f8, .size = size, .in = true, .string = false}});
    return cpu().registers.rax;
  };
  EXPECT_EQ(in(1), 0x11112222333300ffu);
  EXPECT_EQ(in(2), 0x111122223333ffffu);
  EXPECT_EQ(in(4), 0xffffffffu);
  EXPECT_EQ(trace, (Trace{"advance", "advance", "advance"}));
}

TEST_F(Dispatch, HiddenPortsSwallowWhatIsWritten) {
  cpu().registers.rax = 0x41;
  run({.kind = ExitKind::io, .length = 1, .io = {.port = 0x2f8, .size = 1, .in = false, .string = false}});
  EXPECT_EQ(cpu().registers.rax, 0x41u);
  EXPECT_EQ(trace, (Trace{"advance"}));
  EXPECT_TRUE(line.out.empty());
}

TEST_F(Dispatch, InstructionsThatDoNotExistFault) {
  run(ExitKind::undefined);
  EXPECT_EQ(trace, (Trace{"#6"}));
  EXPECT_EQ(cpu().rip, user_start);
}

TEST_F(Dispatch, AnEdgeThatTheIoApicHeldWhenTheLineWasOpenedIsNotTheGuests) {
  cpu().nmi_pending = true;
  run(ExitKind::nmi);
  EXPECT_EQ(trace, Trace{});
}

TEST_F(Dispatch, NmisOfTheGuestReachIt) {
  machine.link.explains_nmi();  // the one that opening the line allows for
  cpu().nmi_pending = true;
  run(ExitKind::nmi);
  EXPECT_EQ(trace, (Trace{"NMI"}));
  trace.clear();
  run(ExitKind::nmi);  // and none is invented
  EXPECT_EQ(trace, Trace{});
}

TEST_F(Dispatch, NmisOfAStopDoNot) {
  cpu().nmi_pending = true;
  cpu().expect_nmi = true;
  run(ExitKind::nmi);
  EXPECT_EQ(trace, Trace{});
  EXPECT_FALSE(cpu().expect_nmi);
}

Exit nested_fault(u64 address, NestedAccess access) {
  return {.kind = ExitKind::nested_fault,
          .length = 0,
          .nested_fault = {.address = PhysicalAddress{address}, .access = access}};
}

TEST_F(Dispatch, GivesTheGuestItsOwnMemoryWhereItWritesToAHiddenPage) {
  u8 seen = 1;
  ASSERT_TRUE(read_physical(hidden_page, &seen, 1));
  EXPECT_EQ(seen, 0);
  ASSERT_FALSE(write_physical(hidden_page, &seen, 1));
  run(nested_fault(hidden_page + 8, NestedAccess::write));
  EXPECT_EQ(trace.back(), "flush");
  EXPECT_EQ(cpu().rip, user_start);
  seen = 0x77;
  ASSERT_TRUE(write_physical(hidden_page, &seen, 1));
  EXPECT_EQ(*physical(hidden_page), 0x5a);
}

TEST_F(Dispatch, LetsTheGuestExecuteTheZerosOfAHiddenPage) {
  const u64 page = machine.boot->pages;
  run(nested_fault(page + 4, NestedAccess::fetch));
  const auto seen = machine.nested->translate(PhysicalAddress{page});
  ASSERT_TRUE(seen.ok());
  EXPECT_EQ(raw(seen.value().address), zero_page);
  EXPECT_TRUE(seen.value().permissions.execute);
  EXPECT_FALSE(seen.value().permissions.write);
}

TEST_F(Dispatch, OnlyFlushesWhatAnotherCpuHasAllowedMeanwhile) {
  run(nested_fault(user_physical, NestedAccess::write));
  EXPECT_EQ(trace, (Trace{"flush"}));
}

using DispatchDeathTest = Dispatch;

TEST_F(DispatchDeathTest, ATripleFaultEndsInAReport) {
  EXPECT_DEATH(run(ExitKind::shutdown),
               "the guest shut down \\(triple fault\\) on CPU 0\r?\n(.|\n)*rax 0(.|\n)*state of the fake CPU");
}

TEST_F(DispatchDeathTest, AnUnknownExitEndsInAReport) {
  EXPECT_DEATH(run(ExitKind::unknown), "an exit that nobody asked for on CPU 0");
}

}  // namespace
}  // namespace hyperdbg::test
