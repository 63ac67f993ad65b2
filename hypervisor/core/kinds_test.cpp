// SPDX-License-Identifier: MIT
#include <cstring>

#include "hypervisor/core/core_fixture.hpp"
#include "hypervisor/core/guest_access.hpp"

// What each kind of event does with its exit, beside what they have in common (dispatch_test.cpp).
namespace hyperdbg::test {
namespace {

using Trace = std::vector<std::string>;

struct Kinds : CoreTest {
  void run_io(IoInfo io, u8 length = 1) { run({.kind = ExitKind::io, .length = length, .io = io}); }
  void run_exception(const Injection& injection, u64 detail = 0, u8 length = 0) {
    Exit exit{.kind = ExitKind::exception, .length = length, .io = {}};
    exit.exception = {injection, detail};
    run(exit);
  }
  void run_interrupt(u8 vector) {
    Exit exit{.kind = ExitKind::interrupt, .length = 0, .io = {}};
    exit.interrupt = vector;
    run(exit);
  }
  void run_control(ControlRegisterInfo access) {
    Exit exit{.kind = ExitKind::control_register, .length = 3, .io = {}};
    exit.control_register = access;
    run(exit);
  }
  void run_debug(u8 number, bool write) {
    Exit exit{.kind = ExitKind::debug_register, .length = 3, .io = {}};
    exit.debug_register = {.number = number, .general_register = HYPERDBG_RBX, .write = write};
    run(exit);
  }
  void place(std::initializer_list<u8> code) { std::memcpy(physical(user_physical), std::data(code), code.size()); }
  // A leaf of the user's pages; the fixture's table lies here.
  u64& leaf(u64 page) { return physical<u64>(0x4000)[page]; }
};

constexpr u16 port = 0x60;

TEST_F(Kinds, TheTscTellsItsInstructionsApart) {
  std::vector<u64> contexts;
  add_event(HYPERDBG_EVENT_TSC, HYPERDBG_ANY_KEY, HYPERDBG_POST,
            [&](hyperdbg_script_context& context) { contexts.push_back(context.context); });
  cpu().msrs[0xc0000103] = 5;
  cpu().registers.rcx = 9;
  run(ExitKind::rdtsc);
  EXPECT_EQ(cpu().registers.rcx, 9u);
  run(ExitKind::rdtscp, 3);
  EXPECT_EQ(cpu().registers.rcx, 5u);
  EXPECT_NE(cpu().registers.rax, 0u);
  EXPECT_EQ(contexts, (std::vector<u64>{0, 1}));
}

TEST_F(Kinds, CountersThatDoNotExistFault) {
  add_event(HYPERDBG_EVENT_PMC, HYPERDBG_ANY_KEY, HYPERDBG_ALL, says("pmc"));
  run(ExitKind::rdpmc);
  EXPECT_EQ(cpu().registers.rax, 0x33334444u);
  EXPECT_EQ(cpu().registers.rdx, 0x11112222u);
  cpu().registers.rcx = 7;
  run(ExitKind::rdpmc);
  EXPECT_EQ(trace, (Trace{"pmc", "advance", "pmc", "pmc", "#GP"}));
}

TEST_F(Kinds, ForeignHypercallsHaveAPostStage) {
  add_event(HYPERDBG_EVENT_VMCALL, HYPERDBG_ANY_KEY, HYPERDBG_ALL, says("vmcall"));
  run(ExitKind::hypercall, 3);
  EXPECT_EQ(trace, (Trace{"vmcall", "#6", "vmcall"}));
  EXPECT_EQ(cpu().rip, user_start);
}

TEST_F(Kinds, ASkippedHypercallIsPassedBy) {
  add_event(HYPERDBG_EVENT_VMCALL, HYPERDBG_ANY_KEY, HYPERDBG_PRE, says("vmcall"), HYPERDBG_EVENT_SHORT_CIRCUIT);
  run(ExitKind::hypercall, 3);
  EXPECT_EQ(trace, (Trace{"vmcall", "advance"}));
}

TEST_F(Kinds, DebugRegistersAreReadAndWritten) {
  cpu().registers.rbx = 0x1234;
  run_debug(3, true);
  EXPECT_EQ(cpu().dr[3], 0x1234u);
  cpu().dr[6] = 0xffff0ff1;
  run_debug(4, false);  // DR6 without CR4.DE
  EXPECT_EQ(cpu().registers.rbx, 0xffff0ff1u);
  cpu().registers.rbx = 1ull << 32;
  run_debug(7, true);
  EXPECT_EQ(trace, (Trace{"advance", "advance", "#GP"}));
}

TEST_F(Kinds, DebugRegistersObeyDeAndGd) {
  cpu().cr4 |= 8;
  run_debug(5, false);
  cpu().dr[7] = 1 << 13;
  run_debug(0, false);
  EXPECT_EQ(trace, (Trace{"#6", "#1"}));
  EXPECT_EQ(cpu().dr[7], 0u);
}

TEST_F(Kinds, AMaskSelectsWhichChangesOfACrAreSeen) {
  const auto mov = [](u8 number) {
    return ControlRegisterInfo{ControlRegisterInfo::Kind::mov, number, HYPERDBG_RBX, 0};
  };
  hyperdbg_event_info seen{};
  const u32 all = add_event(HYPERDBG_EVENT_CRWRITE, 4, HYPERDBG_ALL, says("all"));
  const u32 some = add_masked_event(HYPERDBG_EVENT_CRWRITE, 4, HYPERDBG_ALL, 1 << 7, says("some"));
  cpu().registers.rbx = cpu().cr4 | 1 << 7;
  run_control(mov(4));
  cpu().registers.rbx |= 1 << 9;
  run_control(mov(4));
  run_control(mov(4));  // nothing changes
  cpu().registers.rbx = cpu().cr0;
  run_control(mov(0));
  seen = info(all);
  EXPECT_EQ(seen.hits, 4u);
  EXPECT_EQ(info(some).hits, 2u);
  EXPECT_EQ(info(some).exits, 1u);
  EXPECT_EQ(cpu().cr4, 0x20u | 1 << 7 | 1 << 9);
}

TEST_F(Kinds, ClearsAndLoadsTheStatusWord) {
  cpu().cr0 |= 8;
  run_control({ControlRegisterInfo::Kind::clts, 0, 0, 0});
  EXPECT_EQ(cpu().cr0, 0x80010033u);
  run_control({ControlRegisterInfo::Kind::lmsw, 0, 0, 0xfff8});  // PE stays
  EXPECT_EQ(cpu().cr0, 0x80010039u);
}

TEST_F(Kinds, PortsAreReadAndWritten) {
  cpu().registers.rax = 0x1111222233334455;
  run_io({.port = port, .size = 2, .in = false, .string = false});
  EXPECT_EQ(line.ports, (std::vector<FakeLine::PortWrite>{{port, 2, 0x33334455}}));
  run_io({.port = port, .size = 1, .in = true, .string = false});
  EXPECT_EQ(cpu().registers.rax, 0x1111222233334401u);
  run_io({.port = port, .size = 4, .in = true, .string = false});
  EXPECT_EQ(cpu().registers.rax, 0x6004u);
}

TEST_F(Kinds, AChangedDxCountsWhereTheInstructionUsesIt) {
  add_event(HYPERDBG_EVENT_OUT, port, HYPERDBG_PRE,
            [&](hyperdbg_script_context& context) { context.registers->rdx = 0x80; });
  cpu().registers.rdx = port;
  place({0xee});  // out %al, (%dx)
  run_io({.port = port, .size = 1, .in = false, .string = false});
  cpu().rip = user_start;
  cpu().registers.rdx = port;
  place({0xe6, port});  // out %al, $0x60
  run_io({.port = port, .size = 1, .in = false, .string = false}, 2);
  EXPECT_EQ(line.ports, (std::vector<FakeLine::PortWrite>{{0x80, 1, 0}, {port, 1, 0}}));
}

TEST_F(Kinds, ARepeatedStringInstructionTriggersOnce) {
  const u32 event = add_event(HYPERDBG_EVENT_IN, port, HYPERDBG_ALL, says("in"));
  place({0xf3, 0x66, 0x6d});  // rep insw
  const u64 to = user_start + page_size + 0x10;
  cpu().registers.rdi = to;
  cpu().registers.rcx = 3;
  cpu().registers.rdx = port;
  run_io({.port = port, .size = 2, .in = true, .string = true}, 3);
  u16 read[4] = {};
  ASSERT_TRUE(read_virtual(cpu(), to, read, sizeof(read)));
  EXPECT_EQ(read[0], 0x6002);
  EXPECT_EQ(read[2], 0x6002);
  EXPECT_EQ(read[3], 0);
  EXPECT_EQ(cpu().registers.rdi, to + 6);
  EXPECT_EQ(cpu().registers.rcx, 0u);
  EXPECT_EQ(cpu().rip, user_start + 3);
  EXPECT_EQ(info(event).hits, 2u);
}

TEST_F(Kinds, AStringIsWrittenDownwards) {
  place({0x6e});  // outsb
  const u64 from = user_start + page_size;
  *physical(user_physical + page_size) = 0x5a;
  cpu().registers.rsi = from;
  cpu().registers.rdx = port;
  cpu().rflags |= 1 << 10;
  run_io({.port = port, .size = 1, .in = false, .string = true});
  EXPECT_EQ(line.ports, (std::vector<FakeLine::PortWrite>{{port, 1, 0x5a}}));
  EXPECT_EQ(cpu().registers.rsi, from - 1);
}

TEST_F(Kinds, AStringThatReachesAReadOnlyPageFaultsThere) {
  place({0xf3, 0x6c});  // rep insb
  const u64 to = user_start + 2 * page_size - 1;
  cpu().registers.rdi = to;
  cpu().registers.rcx = 4;
  cpu().registers.rdx = port;
  cpu().privilege = 3;
  leaf(2) &= ~u64{2};
  run_io({.port = port, .size = 1, .in = true, .string = true}, 2);
  leaf(2) |= 2;
  EXPECT_EQ(trace, (Trace{"#14"}));
  EXPECT_EQ(cpu().cr2, to + 1);
  EXPECT_EQ(cpu().injection->error_code, 7u);
  EXPECT_EQ(cpu().registers.rcx, 3u);  // and the guest comes back for the rest
  EXPECT_EQ(cpu().registers.rdi, to + 1);
  EXPECT_EQ(cpu().rip, user_start);
}

TEST_F(Kinds, EmulatedAccessesMarkTheirPages) {
  leaf(1) &= ~u64{0x60};
  PageFault fault;
  EXPECT_TRUE(check_access(cpu(), {user_start + page_size, 4, false, true}, fault));
  EXPECT_EQ(leaf(1) & 0x60, 0x20u);
  EXPECT_TRUE(check_access(cpu(), {user_start + page_size - 2, 4, true, true}, fault));
  EXPECT_EQ(leaf(1) & 0x60, 0x60u);
  EXPECT_FALSE(check_access(cpu(), {user_hole - 2, 4, false, true}, fault));
  EXPECT_EQ(fault.address, user_hole);
  EXPECT_EQ(fault.injection.error_code, 4u);
}

TEST_F(Kinds, Cr2IsTheGuestsInPost) {
  std::vector<u64> seen;
  add_event(HYPERDBG_EVENT_EXCEPTION, 14, HYPERDBG_ALL, [&](hyperdbg_script_context& context) {
    seen.push_back(context.runtime->read_register(&context, HYPERDBG_CR2));
  });
  run_exception(fault_of(14, 6), 0x123000);
  EXPECT_EQ(seen, (std::vector<u64>{0, 0x123000}));
  EXPECT_EQ(cpu().injection->error_code, 6u);
  EXPECT_EQ(trace, (Trace{"#14"}));
}

TEST_F(Kinds, ASwallowedExceptionIsNotDelivered) {
  add_event(HYPERDBG_EVENT_EXCEPTION, HYPERDBG_ANY_KEY, HYPERDBG_PRE, says("pre"), HYPERDBG_EVENT_SHORT_CIRCUIT);
  run_exception(fault_of(6));
  EXPECT_EQ(cpu().rip, user_start);
  run_exception(fault_of(3), 0, 1);
  EXPECT_EQ(trace, (Trace{"pre", "pre", "advance"}));
  EXPECT_EQ(cpu().rip, user_start + 1);
}

TEST_F(Kinds, AFaultDuringAFaultIsADoubleFault) {
  std::vector<u64> vectors;
  add_event(HYPERDBG_EVENT_EXCEPTION, HYPERDBG_ANY_KEY, HYPERDBG_PRE,
            [&](hyperdbg_script_context& context) { vectors.push_back(context.context); });
  cpu().injection = fault_of(14, 2);
  run_exception(fault_of(13, 0));
  EXPECT_EQ(vectors, (std::vector<u64>{8}));
  EXPECT_EQ(cpu().injection->vector, 8);
  EXPECT_TRUE(cpu().injection->has_error_code);
}

TEST_F(Kinds, AnInterruptThatAnExceptionDisplacesComesAfterIt) {
  cpu().injection = Injection{.type = InjectionType::external_interrupt, .vector = 0x31};
  cpu().rflags |= 0x200;
  run_exception(fault_of(14, 0), 0x1000);
  EXPECT_EQ(trace, (Trace{"#14", "window"}));
  cpu().injection.reset();
  run(ExitKind::interrupt_window);
  EXPECT_EQ(trace.back(), "interrupt 49");
}

TEST_F(Kinds, FaultsOfEmulatedInstructionsAreExceptionsToo) {
  add_event(HYPERDBG_EVENT_EXCEPTION, 13, HYPERDBG_ALL, says("#GP seen"));
  const u32 msr = add_event(HYPERDBG_EVENT_RDMSR, HYPERDBG_ANY_KEY, HYPERDBG_ALL, says("rdmsr seen"));
  cpu().registers.rcx = 0x12345;
  run(ExitKind::rdmsr);
  EXPECT_EQ(trace, (Trace{"rdmsr seen", "#GP seen", "#GP", "#GP seen"}));
  EXPECT_EQ(info(msr).hits, 1u);
}

TEST_F(Kinds, InterruptsWaitUntilTheGuestTakesThem) {
  const u32 event = add_event(HYPERDBG_EVENT_INTERRUPT, 0x31, HYPERDBG_ALL, says("31"));
  run_interrupt(0x31);
  run_interrupt(0x80);  // nobody watches
  EXPECT_EQ(trace, (Trace{"31", "window", "31", "window"}));
  cpu().rflags |= 0x200;
  run(ExitKind::interrupt_window);
  cpu().injection.reset();
  run(ExitKind::interrupt_window);
  EXPECT_EQ(Trace(trace.begin() + 4, trace.end()), (Trace{"interrupt 128", "window", "interrupt 49"}));
  EXPECT_EQ(info(event).hits, 2u);
  EXPECT_TRUE(line.apic.empty());
}

TEST_F(Kinds, ASwallowedInterruptIsEndedAtTheApic) {
  add_event(HYPERDBG_EVENT_INTERRUPT, 0x31, HYPERDBG_PRE, says("31"), HYPERDBG_EVENT_SHORT_CIRCUIT);
  run_interrupt(0x31);
  EXPECT_EQ(trace, (Trace{"31"}));
  EXPECT_EQ(line.apic, (Trace{"eoi 49"}));
}

TEST_F(Kinds, WaitingInterruptsAreGivenBackWhenTheCpuLeaves) {
  add_event(HYPERDBG_EVENT_INTERRUPT, 0x31, HYPERDBG_PRE, says("31"));
  run_interrupt(0x31);
  machine.cpu_offline(cpu());
  EXPECT_EQ(line.apic, (Trace{"eoi 49", "self 49"}));
}

TEST_F(Kinds, NmisOfTheGuestAreExceptionsOfVector2) {
  add_event(HYPERDBG_EVENT_EXCEPTION, 2, HYPERDBG_ALL, says("nmi seen"));
  machine.link.explains_nmi();
  cpu().nmi_pending = true;
  run(ExitKind::nmi);
  EXPECT_EQ(trace, (Trace{"nmi seen", "NMI", "nmi seen"}));
  trace.clear();
  cpu().nmi_pending = true;
  cpu().expect_nmi = true;
  run(ExitKind::nmi);
  EXPECT_EQ(trace, Trace{});
}

TEST(Collisions, FollowTheTableOfTheManual) {
  EXPECT_EQ(collide(14, 14), Collision::double_fault);
  EXPECT_EQ(collide(14, 13), Collision::double_fault);
  EXPECT_EQ(collide(13, 13), Collision::double_fault);
  EXPECT_EQ(collide(13, 14), Collision::serial);
  EXPECT_EQ(collide(6, 14), Collision::serial);
  EXPECT_EQ(collide(14, 1), Collision::serial);
  EXPECT_EQ(collide(8, 13), Collision::shutdown);
  EXPECT_EQ(collide(8, 14), Collision::shutdown);
  EXPECT_EQ(collide(8, 3), Collision::serial);
}

}  // namespace
}  // namespace hyperdbg::test
