// SPDX-License-Identifier: MIT
#include "hypervisor/core/system_calls.hpp"

#include <cstring>

#include "hypervisor/core/core_fixture.hpp"
#include "hypervisor/core/halt.hpp"

// !syscall and !sysret: how they come to exit, and what is executed for the guest then.
namespace hyperdbg::test {
namespace {

using Trace = std::vector<std::string>;

constexpr u32 efer = 0xc0000080, star = 0xc0000081, lstar = 0xc0000082, cstar = 0xc0000083, sfmask = 0xc0000084;
constexpr u64 guest_efer = 0xd01, without_enable = 0xd00;
constexpr u64 stub = module_text + 0x40, jump = stub + 0x13, trap = stub + 0x20, filter = module_text + 0x400;
constexpr u64 entry = module_text + 0x1040;  // the kernel's, in a page of its own
constexpr u64 entry_page = 0x801000, filter_physical = 0x800400, displacement_physical = 0x800054;
constexpr u16 user_cs = 0x33, user_ss = 0x2b, kernel_cs = 0x10, kernel_ss = 0x18;
constexpr u64 user_flags = 0x346, number = 39;

struct SystemCallEvents : CoreTest {
  SystemCallEvents() {
    cpu().msrs = {{efer, guest_efer}, {star, 0x0023001000000000}, {lstar, entry}, {cstar, entry + 8}, {sfmask, 0x700}};
    hyperdbg_boot& boot = *machine.boot;
    boot.isolation = 0;
    boot.system_call_stub = stub;
    boot.system_call_jump = jump;
    boot.system_call_trap = trap;
    boot.system_call_filter = filter;
    std::memset(physical(0x800000), 0x90, 2 * page_size);
    std::memset(physical(filter_physical), 0, sizeof(hyperdbg_system_call_filter));
    user({0x0f, 0x05});
  }
  ~SystemCallEvents() override {
    machine.boot->isolation = 0;
    machine.boot->system_call_stub = machine.boot->system_call_trap = 0;
  }

  // Kernel and user mode have roots of their own, which bit 12 tells apart.
  void isolate() {
    constexpr u64 kernel_root = 0x20000;
    for (const u64 root : {kernel_root, kernel_root + page_size})
      std::memcpy(physical(root), physical(cpu().cr3), page_size);
    cpu().cr3 = kernel_root + page_size;
    machine.boot->isolation = 1;
  }
  // In user mode, at these bytes.
  void user(std::initializer_list<u8> code) {
    std::memcpy(physical(user_physical), std::data(code), code.size());
    cpu().privilege = 3;
    cpu().cs = user_cs;
    cpu().ss = user_ss;
    cpu().rip = user_start;
    cpu().rflags = user_flags;
    cpu().code_bits = 64;
    cpu().registers.rax = number;
    cpu().registers.rcx = 0xc;
    cpu().registers.r11 = 0xb;
  }
  // As the processor leaves SYSCALL, but at `rip`.
  void called(u64 rip) {
    cpu().privilege = 0;
    cpu().cs = kernel_cs;
    cpu().ss = kernel_ss;
    cpu().rip = rip;
    cpu().registers.rcx = user_start + 2;
    cpu().registers.r11 = user_flags;
    cpu().rflags = user_flags & ~0x700;
  }
  void arm() {
    resume_cpu(cpu());
    trace.clear();
  }
  void raise(u8 vector) {
    Exit exit{.kind = ExitKind::exception, .length = u8(vector == 3), .io = {}};
    exit.exception = {fault_of(vector), 0};
    run(exit);
  }
  void interrupt_call(u64 call = number) {
    user({0xcd, 0x80});
    cpu().registers.rax = call;
    Exit exit{.kind = ExitKind::interrupt_call, .length = 2, .io = {}};
    exit.call = {.type = InjectionType::external_interrupt, .vector = 0x80};
    run(exit);
  }
  // What is seen of the CPU in an event.
  Script notes(std::string name) {
    return [this, name](hyperdbg_script_context&) {
      trace.push_back(name + (cpu().privilege == 3 ? " user" : " kernel"));
      seen_rcx = cpu().registers.rcx;
    };
  }
  void expect_in_kernel() {
    EXPECT_EQ(cpu().rip, entry);
    EXPECT_EQ(cpu().registers.rcx, user_start + 2);
    EXPECT_EQ(cpu().registers.r11, user_flags);
    EXPECT_EQ(cpu().rflags, user_flags & ~0x700u);
    EXPECT_EQ(cpu().privilege, 0u);
    EXPECT_EQ(cpu().cs, kernel_cs);
    EXPECT_EQ(cpu().ss, kernel_ss);
  }
  const hyperdbg_system_call_filter& bits() { return *physical<hyperdbg_system_call_filter>(filter_physical); }
  bool intercepts(u32 kind, u64 key) { return cpu().intercepts.contains({kind, key}); }
  u64 guest_lstar() {
    u64 value = 0;
    EXPECT_TRUE(read_system_call_entry(cpu(), value));
    return value;
  }
  void clear_all() {
    for (u32 id = 0; id < 8; ++id)
      if (Event* event = machine.engine.find(id)) machine.engine.clear(*event);
    machine.engine.reap();
  }

  u64 seen_rcx = 0;
};

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

struct SysretSiteEvents : SystemCallEvents {
  SysretSiteEvents() {
    put(wide_site, {0x48, 0x0f, 0x07});
    put(narrow_site, {0x0f, 0x07});
    cpu().msrs[cstar] = entry + 0x20;
  }
  void put(u64 at, std::initializer_list<u8> code) {
    std::memcpy(physical(entry_page + at % page_size), std::data(code), code.size());
  }
  u32 watch(u32 flags = 0) {
    return add_event(HYPERDBG_EVENT_SYSRET, HYPERDBG_ANY_KEY, HYPERDBG_ALL, notes("return"), flags);
  }
  u8 byte_at(u64 at) { return physical(entry_page)[at % page_size]; }
  bool armed() { return byte_at(wide_site) == 0xcc && byte_at(narrow_site) == 0xcc; }
  bool untouched() { return byte_at(wide_site) == 0x48 && byte_at(narrow_site) == 0x0f; }
  void returns(u64 at) {
    called(at);
    cpu().registers.rcx = user_start + 0x100;
    trace.clear();
    raise(3);
  }

  // Behind LSTAR and CSTAR.
  static constexpr u64 wide_site = entry + 5, narrow_site = entry + 0x31;
};

TEST_F(SysretSiteEvents, ComeByAByteOfTheKernel) {
  watch();
  arm();
  EXPECT_TRUE(armed());
  EXPECT_EQ(cpu().msrs[efer], guest_efer);
  EXPECT_TRUE(intercepts(HYPERDBG_EVENT_EXCEPTION, 3));
  returns(wide_site);
  EXPECT_EQ(trace, (Trace{"return kernel", "advance", "return user"}));
  EXPECT_EQ(cpu().rip, user_start + 0x100);
  EXPECT_EQ(cpu().rflags, user_flags);
  EXPECT_EQ(cpu().cs, user_cs);
  returns(narrow_site);
  EXPECT_EQ(cpu().code_bits, 32u);
  returns(narrow_site + 1);  // the kernel's own
  EXPECT_EQ(trace, Trace{"#3"});
  clear_all();
  arm();
  EXPECT_TRUE(untouched());
  EXPECT_FALSE(intercepts(HYPERDBG_EVENT_EXCEPTION, 3));
}

TEST_F(SysretSiteEvents, FaultWhereAnEntryHasNoSysret) {
  put(narrow_site, {0x06});  // no instruction
  watch();
  arm();
  EXPECT_EQ(byte_at(wide_site), 0x48);
  EXPECT_EQ(cpu().msrs[efer], without_enable);
}

TEST_F(SysretSiteEvents, FaultBesideOnesThatMust) {
  watch();
  arm();
  const u32 second = watch(HYPERDBG_EVENT_BY_FAULT);
  arm();
  EXPECT_TRUE(untouched());
  EXPECT_EQ(cpu().msrs[efer], without_enable);
  machine.engine.clear(*machine.engine.find(second));
  machine.engine.reap();
  arm();
  EXPECT_TRUE(armed());
  EXPECT_EQ(cpu().msrs[efer], guest_efer);
}

TEST_F(SysretSiteEvents, OnAnotherCoreAreArmedHereToo) {
  add_event_on(1, HYPERDBG_EVENT_SYSRET, HYPERDBG_ANY_KEY, notes("return"));
  arm();
  EXPECT_EQ(byte_at(wide_site), 0xcc);
  returns(wide_site);
  EXPECT_EQ(trace, Trace{"advance"});
  EXPECT_EQ(cpu().rip, user_start + 0x100);
}

TEST_F(SysretSiteEvents, FaultUntilACpuThatLeftIsBack) {
  watch();
  arm();
  machine.stop.set_online(1, true);
  machine.stop.set_online(1, false);
  machine.engine.reapply();
  arm();
  EXPECT_TRUE(untouched());
  EXPECT_EQ(cpu().msrs[efer], without_enable);
  machine.stop.set_online(1, true);
  machine.engine.reapply();
  arm();
  EXPECT_TRUE(armed());
  EXPECT_EQ(cpu().msrs[efer], guest_efer);
  machine.stop.set_online(1, false);  // nobody is there to be stopped
  machine.cpu_offline(cpu());
  EXPECT_TRUE(untouched());
}

// With isolated page tables LSTAR led to the byte in the place of a SYSRET.
TEST_F(SysretSiteEvents, LeaveTheirByteToThemselves) {
  isolate();
  put(entry + 0x80, {0xcc});
  watch();
  add_event(HYPERDBG_EVENT_SYSCALL, number, HYPERDBG_PRE, notes("call"));
  arm();
  EXPECT_EQ(byte_at(wide_site), 0xcc);
  EXPECT_EQ(cpu().msrs[lstar], entry + 0x80);
}

TEST_F(SystemCallEvents, EndWhenTheCpuLeaves) {
  add_event(HYPERDBG_EVENT_SYSCALL, number, HYPERDBG_PRE, notes("call"));
  arm();
  machine.cpu_offline(cpu());
  EXPECT_EQ(cpu().msrs[lstar], entry);
}

}  // namespace
}  // namespace hyperdbg::test
