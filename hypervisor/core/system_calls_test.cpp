// SPDX-License-Identifier: MIT
#include "hypervisor/core/system_calls_fixture.hpp"

// !syscall and !sysret2: how they come to exit, and what is executed for the guest then.
namespace hyperdbg::test {
namespace {

TEST_F(SystemCallEvents, GoThroughTheStubWhereItsFilterSays) {
  add_event(HYPERDBG_EVENT_SYSCALL, number, HYPERDBG_ALL, notes("call"));
  arm();
  EXPECT_EQ(cpu().msrs[lstar], stub);
  EXPECT_EQ(guest_lstar(), entry);
  EXPECT_EQ(bits().numbers[1], 1u << (number - 32));
  EXPECT_EQ(bits().others, 0u);
  EXPECT_EQ(*physical<u32>(displacement_physical), static_cast<u32>(entry - (jump + 5)));
  EXPECT_TRUE(intercepts(HYPERDBG_EVENT_RDMSR, lstar) && intercepts(HYPERDBG_EVENT_WRMSR, lstar));
  EXPECT_FALSE(intercepts(HYPERDBG_EVENT_EXCEPTION, 3) || intercepts(HYPERDBG_EVENT_EXCEPTION, 6));
  called(trap);
  run(ExitKind::hypercall, 3);
  EXPECT_EQ(trace, (Trace{"call user", "advance", "call kernel"}));
  EXPECT_EQ(seen_rcx, user_start + 2);
  expect_in_kernel();
}

TEST_F(SystemCallEvents, OfNoNumberLetAllOthersThroughUntouched) {
  add_event(HYPERDBG_EVENT_SYSCALL, 0x40000001, HYPERDBG_ALL, notes("call"));
  arm();
  EXPECT_EQ(bits().others, 1u);
  EXPECT_EQ(bits().numbers[1], 0u);
  called(trap);  // another large one
  cpu().registers.rax = 0x40000002;
  run(ExitKind::hypercall, 3);
  EXPECT_EQ(cpu().rip, entry);
  add_event(HYPERDBG_EVENT_SYSCALL, HYPERDBG_ANY_KEY, HYPERDBG_ALL, notes("call"));
  arm();
  EXPECT_EQ(bits().numbers[0], ~0u);
  EXPECT_EQ(bits().numbers[15], ~0u);
}

TEST_F(SystemCallEvents, AreSkippedInUserMode) {
  add_event(HYPERDBG_EVENT_SYSCALL, number, HYPERDBG_PRE, notes("call"), HYPERDBG_EVENT_SHORT_CIRCUIT);
  arm();
  called(trap);
  run(ExitKind::hypercall, 3);
  EXPECT_EQ(cpu().rip, user_start + 2);
  EXPECT_EQ(cpu().privilege, 3u);
  EXPECT_EQ(cpu().cs, user_cs);
  EXPECT_EQ(cpu().ss, user_ss);
  EXPECT_EQ(cpu().rflags, user_flags);
}

TEST_F(SystemCallEvents, MoveWithAnLstarThatTheGuestWrites) {
  add_event(HYPERDBG_EVENT_SYSCALL, number, HYPERDBG_PRE, notes("call"));
  arm();
  cpu().privilege = 0;
  cpu().registers.rcx = lstar;
  cpu().registers.rax = static_cast<u32>(entry + 0x10);
  cpu().registers.rdx = entry >> 32;
  run(ExitKind::wrmsr);
  EXPECT_EQ(cpu().msrs[lstar], stub);
  EXPECT_EQ(guest_lstar(), entry + 0x10);
  EXPECT_EQ(*physical<u32>(displacement_physical), static_cast<u32>(entry + 0x10 - (jump + 5)));
}

TEST_F(SystemCallEvents, LeaveNothingBehind) {
  add_event(HYPERDBG_EVENT_SYSCALL, number, HYPERDBG_PRE, notes("call"));
  arm();
  called(trap);  // stopped just there
  clear_all();
  resume_cpu(cpu());
  EXPECT_EQ(cpu().msrs[lstar], entry);
  EXPECT_EQ(cpu().rip, entry);
  called(trap);  // an NMI of the guest's returned there
  run(ExitKind::hypercall, 3);
  EXPECT_EQ(cpu().rip, entry);
}

TEST_F(SystemCallEvents, ComeByABreakpointWithIsolatedPageTables) {
  isolate();
  physical(entry_page)[0x10] = 0xcc;  // before the entry, and nowhere behind it
  add_event(HYPERDBG_EVENT_SYSCALL, number, HYPERDBG_ALL, notes("call"));
  arm();
  constexpr u64 byte = module_text + 0x1010;
  EXPECT_EQ(cpu().msrs[lstar], byte);
  EXPECT_EQ(guest_lstar(), entry);
  EXPECT_TRUE(intercepts(HYPERDBG_EVENT_EXCEPTION, 3));
  called(byte);
  raise(3);
  EXPECT_EQ(trace.front(), "call user");
  expect_in_kernel();
  trace.clear();
  called(byte);
  cpu().registers.rax = number + 1;
  raise(3);
  EXPECT_EQ(trace, Trace{});
  expect_in_kernel();
  cpu().rip = entry + 5;  // the kernel's own, and a program's
  raise(3);
  EXPECT_EQ(trace, Trace{"#3"});
  called(byte);
  clear_all();
  resume_cpu(cpu());
  EXPECT_EQ(cpu().rip, entry);
  EXPECT_FALSE(intercepts(HYPERDBG_EVENT_EXCEPTION, 3));
}

TEST_F(SystemCallEvents, FaultWhereThereIsNoBreakpoint) {
  isolate();
  add_event(HYPERDBG_EVENT_SYSCALL, number, HYPERDBG_ALL, notes("call"));
  arm();
  EXPECT_EQ(cpu().msrs[lstar], entry);
  EXPECT_EQ(cpu().msrs[efer], without_enable);
}

TEST_F(SystemCallEvents, OfTheSecondFormSeeRcx) {
  add_event(HYPERDBG_EVENT_SYSCALL, number, HYPERDBG_PRE, notes("two"), HYPERDBG_EVENT_BY_FAULT);
  add_event(HYPERDBG_EVENT_SYSCALL, number, HYPERDBG_ALL, notes("one"));
  arm();
  EXPECT_EQ(cpu().msrs[lstar], entry);
  EXPECT_EQ(cpu().msrs[efer], without_enable);
  u64 shown = 0;
  FakeBackend::read_msr(cpu(), efer, shown);
  EXPECT_EQ(shown, guest_efer);
  trace.clear();
  user({0x0f, 0x05});
  raise(6);
  EXPECT_EQ(trace, (Trace{"two user", "one user", "advance", "one kernel"}));
  expect_in_kernel();
  clear_all();
  resume_cpu(cpu());
  EXPECT_EQ(cpu().msrs[efer], guest_efer);
}

TEST_F(SystemCallEvents, LeaveOtherInvalidOpcodesToTheGuest) {
  add_event(HYPERDBG_EVENT_SYSCALL, HYPERDBG_ANY_KEY, HYPERDBG_PRE, notes("call"), HYPERDBG_EVENT_BY_FAULT);
  arm();
  user({0x0f, 0x0b});
  raise(6);
  user({0xf0, 0x0f, 0x05});
  raise(6);
  EXPECT_EQ(trace, (Trace{"#6", "#6"}));
  FakeBackend::write_msr(cpu(), efer, without_enable);  // the guest wants it so
  trace.clear();
  user({0x0f, 0x05});
  raise(6);
  EXPECT_EQ(trace, Trace{"#6"});
}

TEST_F(SystemCallEvents, OfPlainFormSeeNo32BitProgram) {
  add_event(HYPERDBG_EVENT_SYSCALL, HYPERDBG_ANY_KEY, HYPERDBG_PRE, notes("call"), HYPERDBG_EVENT_BY_FAULT);
  arm();
  user({0x0f, 0x05});
  cpu().code_bits = 32;
  raise(6);
  EXPECT_EQ(cpu().rip, entry + 8);
  EXPECT_EQ(cpu().code_bits, 64u);
  EXPECT_EQ(trace, Trace{"advance"});
}

TEST_F(SystemCallEvents, Of32BitProgramsHaveWaysOfTheirOwn) {
  const u32 plain = add_event(HYPERDBG_EVENT_SYSCALL, number, HYPERDBG_PRE, notes("64"));
  arm();
  EXPECT_FALSE(cpu().watches_32_bit_calls);
  EXPECT_EQ(cpu().msrs[efer], guest_efer);
  add_event(HYPERDBG_EVENT_SYSCALL_32, number, HYPERDBG_PRE, notes("32"));
  arm();
  EXPECT_TRUE(cpu().watches_32_bit_calls);
  EXPECT_EQ(cpu().msrs[efer], without_enable);
  EXPECT_EQ(cpu().msrs[lstar], entry);
  machine.engine.clear(*machine.engine.find(plain));
  machine.engine.reap();
  arm();
  EXPECT_TRUE(cpu().watches_32_bit_calls);
  clear_all();
  resume_cpu(cpu());
  EXPECT_FALSE(cpu().watches_32_bit_calls);
  EXPECT_EQ(cpu().msrs[efer], guest_efer);
}

TEST_F(SystemCallEvents, Of32BitProgramsOnAnotherCoreAreArmedHereToo) {
  add_event_on(1, HYPERDBG_EVENT_SYSCALL_32, number, notes("call"));
  arm();
  EXPECT_TRUE(cpu().watches_32_bit_calls);
  EXPECT_EQ(cpu().msrs[efer], guest_efer);
  interrupt_call();
  EXPECT_EQ(trace, (Trace{"advance", "interrupt 128"}));
  machine.cpu_offline(cpu());
  EXPECT_FALSE(cpu().watches_32_bit_calls);
}

TEST_F(SystemCallEvents, Of32BitProgramsComeByInt80) {
  add_event(HYPERDBG_EVENT_SYSCALL_32, number, HYPERDBG_ALL, notes("call"));
  arm();
  interrupt_call();
  EXPECT_EQ(trace, (Trace{"call user", "advance", "interrupt 128", "call user"}));
  EXPECT_EQ(cpu().rip, user_start + 2);
  EXPECT_EQ(cpu().rflags, user_flags);  // a single-step's TF is the handler's to save
  trace.clear();
  cpu().injection.reset();
  interrupt_call(number + 1);
  EXPECT_EQ(trace, (Trace{"advance", "interrupt 128"}));
}

TEST_F(SystemCallEvents, OfInt80LeaveWaitingNmisForLater) {
  add_event(HYPERDBG_EVENT_SYSCALL_32, number, HYPERDBG_PRE, notes("call"));
  arm();
  cpu().injection = Injection{.type = InjectionType::nmi, .vector = 2};
  interrupt_call();
  EXPECT_EQ(trace, (Trace{"call user", "advance", "interrupt 128", "NMI"}));
}

TEST_F(SystemCallEvents, OfInt80AreSkipped) {
  add_event(HYPERDBG_EVENT_SYSCALL_32, number, HYPERDBG_PRE, notes("call"), HYPERDBG_EVENT_SHORT_CIRCUIT);
  arm();
  interrupt_call();
  EXPECT_EQ(trace, (Trace{"call user", "advance"}));
  EXPECT_EQ(cpu().rip, user_start + 2);
  EXPECT_FALSE(cpu().injection);
}

TEST_F(SystemCallEvents, Of32BitProgramsComeBySyscall) {
  add_event(HYPERDBG_EVENT_SYSCALL_32, number, HYPERDBG_ALL, notes("call"));
  arm();
  user({0x0f, 0x05});
  cpu().code_bits = 32;
  raise(6);
  EXPECT_EQ(trace, (Trace{"call user", "advance", "call kernel"}));
  EXPECT_EQ(cpu().rip, entry + 8);
  trace.clear();
  user({0x0f, 0x05});
  cpu().code_bits = 64;
  raise(6);
  EXPECT_EQ(trace, Trace{"advance"});
  expect_in_kernel();
}

TEST_F(SystemCallEvents, Of32BitProgramsComeBySysenter) {
  cpu().msrs.insert({{0x174, kernel_cs}, {0x175, 0xfffffe0000002000}, {0x176, entry + 0x20}});
  add_event(HYPERDBG_EVENT_SYSCALL_32, number, HYPERDBG_ALL, notes("call"));
  arm();
  user({0x0f, 0x34});
  cpu().code_bits = 32;
  run(ExitKind::sysenter, 2);
  EXPECT_EQ(trace, (Trace{"call user", "advance", "call kernel"}));
  EXPECT_EQ(cpu().rip, entry + 0x20);
  EXPECT_EQ(cpu().registers.rsp, 0xfffffe0000002000u);
  EXPECT_EQ(cpu().rflags, user_flags & ~0x200u);
  EXPECT_EQ(cpu().cs, kernel_cs);
  EXPECT_EQ(cpu().ss, kernel_ss);
  EXPECT_EQ(cpu().code_bits, 64u);
}

// In the vDSO; behind SYSENTER of another program there is its own code.
TEST_F(SystemCallEvents, OfTheVdsoAreSkippedWithTheInt80BehindThem) {
  add_event(HYPERDBG_EVENT_SYSCALL_32, number, HYPERDBG_PRE, notes("call"), HYPERDBG_EVENT_SHORT_CIRCUIT);
  arm();
  user({0x0f, 0x34, 0xcd, 0x80, 0x5d});
  cpu().code_bits = 32;
  run(ExitKind::sysenter, 2);
  EXPECT_EQ(cpu().rip, user_start + 4);
  user({0x0f, 0x05, 0xcd, 0x80, 0x5d});
  cpu().code_bits = 32;
  raise(6);
  EXPECT_EQ(cpu().rip, user_start + 4);
  user({0x0f, 0x34, 0xcd, 0x81, 0x5d});
  run(ExitKind::sysenter, 2);
  EXPECT_EQ(cpu().rip, user_start + 2);
  EXPECT_EQ(cpu().privilege, 3u);
}

TEST_F(SystemCallEvents, EndInSysret) {
  add_event(HYPERDBG_EVENT_SYSRET, HYPERDBG_ANY_KEY, HYPERDBG_ALL, notes("return"), HYPERDBG_EVENT_BY_FAULT);
  arm();
  EXPECT_EQ(cpu().msrs[efer], without_enable);
  user({0x48, 0x0f, 0x07});
  cpu().privilege = 0;
  cpu().registers.rcx = user_start + 0x100;
  cpu().registers.r11 = user_flags | 0x30000;  // RF and VM are not restored
  raise(6);
  EXPECT_EQ(trace, (Trace{"return kernel", "advance", "return user"}));
  EXPECT_EQ(cpu().rip, user_start + 0x100);
  EXPECT_EQ(cpu().rflags, user_flags);
  EXPECT_EQ(cpu().cs, user_cs);
  EXPECT_EQ(cpu().ss, user_ss);
}

TEST_F(SystemCallEvents, RefuseSysretAsTheProcessorDoes) {
  add_event(HYPERDBG_EVENT_SYSRET, HYPERDBG_ANY_KEY, HYPERDBG_ALL, notes("return"), HYPERDBG_EVENT_BY_FAULT);
  arm();
  user({0x48, 0x0f, 0x07});
  raise(6);
  EXPECT_EQ(trace, (Trace{"return user", "#GP"}));
  trace.clear();
  user({0x48, 0x0f, 0x07});
  cpu().privilege = 0;
  cpu().registers.rcx = 0x8000000000000000;
  raise(6);
  EXPECT_EQ(trace, (Trace{"return kernel", "#GP"}));
}

TEST_F(SystemCallEvents, EndWhenTheCpuLeaves) {
  add_event(HYPERDBG_EVENT_SYSCALL, number, HYPERDBG_PRE, notes("call"));
  arm();
  machine.cpu_offline(cpu());
  EXPECT_EQ(cpu().msrs[lstar], entry);
}

}  // namespace
}  // namespace hyperdbg::test
