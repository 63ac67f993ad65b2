// SPDX-License-Identifier: MIT
#include "hypervisor/core/sysret_sites.hpp"

#include "hypervisor/core/system_calls_fixture.hpp"

// !sysret: a byte in the place of the kernel's SYSRETs, and EFER where that cannot be.
namespace hyperdbg::test {
namespace {

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

}  // namespace
}  // namespace hyperdbg::test
