// SPDX-License-Identifier: MIT
#include "hypervisor/core/hypercall.hpp"

#include "hypervisor/core/core_fixture.hpp"

namespace hyperdbg::test {
namespace {

using Trace = std::vector<std::string>;

struct Hypercall : CoreTest {
  // As the module does it; each test changes one thing.
  Hypercall() {
    cpu().rip = module_text + 0x10;
    cpu().registers.r10 = secret;
    cpu().registers.rax = HYPERDBG_CALL_STOPPED;
  }
  s64 call(u64 number, u64 rcx = 0, u64 rdx = 0, u64 r8 = 0, u64 r9 = 0) {
    cpu().rip = module_text;
    auto& r = cpu().registers;
    r.rax = number, r.rcx = rcx, r.rdx = rdx, r.r8 = r8, r.r9 = r9;
    run(ExitKind::hypercall, 3);
    return static_cast<s64>(r.rax);
  }
  void expect_undefined() {
    const u64 rip = cpu().rip;
    run(ExitKind::hypercall, 3);
    EXPECT_EQ(trace, (Trace{"#6"}));
    EXPECT_EQ(cpu().rip, rip);
    EXPECT_EQ(cpu().registers.rax, u64{HYPERDBG_CALL_STOPPED});
  }
};

TEST_F(Hypercall, AnswersTheModule) {
  run(ExitKind::hypercall, 3);
  EXPECT_EQ(trace, (Trace{"advance"}));
  EXPECT_EQ(cpu().rip, module_text + 0x13);
  EXPECT_EQ(cpu().registers.rax, 0u);  // nobody is attached who could be told
}

TEST_F(Hypercall, DoesNotExistInUserMode) {
  cpu().privilege = 3;
  expect_undefined();
}

TEST_F(Hypercall, DoesNotExistWithoutTheSecret) {
  cpu().registers.r10 ^= 1;
  expect_undefined();
}

TEST_F(Hypercall, DoesNotExistBeforeTheModule) {
  cpu().rip = module_text - 1;
  expect_undefined();
}

TEST_F(Hypercall, DoesNotExistBehindTheModule) {
  cpu().rip = module_text + module_text_size;
  expect_undefined();
}

TEST_F(Hypercall, LeavesBehindTheInstruction) {
  cpu().registers.rax = HYPERDBG_CALL_LEAVE;
  EXPECT_THROW(run(ExitKind::hypercall, 3), Left);
  EXPECT_EQ(cpu().rip, module_text + 0x13);
}

TEST_F(Hypercall, KnowsItsNumbers) {
  EXPECT_EQ(call(0x48440000), -38);
  EXPECT_EQ(call(0x48440006), -38);
}

TEST_F(Hypercall, CarriesRequests) {
  const Bytes status = request(HYPERDBG_REQUEST_STATUS);
  std::copy(status.begin(), status.end(), physical(user_physical));
  const s64 size = call(HYPERDBG_CALL_REQUEST, user_start, status.size(), user_start + 0x100, 0x100);
  ASSERT_EQ(size, static_cast<s64>(sizeof(hyperdbg_answer) + sizeof(hyperdbg_status_answer)));
  hyperdbg_answer answer{};
  __builtin_memcpy(&answer, physical(user_physical + 0x100), sizeof(answer));
  EXPECT_EQ(answer.status, u32{HYPERDBG_OK});
  EXPECT_EQ(answer.size, sizeof(hyperdbg_status_answer));
}

TEST_F(Hypercall, RefusesBuffersThatAreNotThere) {
  EXPECT_EQ(call(HYPERDBG_CALL_REQUEST, user_hole, 8, user_start, 0x100), -14);
  EXPECT_EQ(call(HYPERDBG_CALL_REQUEST, user_hole - 4, 8, user_start, 0x100), -14);
  EXPECT_EQ(call(HYPERDBG_CALL_REQUEST, user_start, 8, user_hole - 4, 0x100), -14);
  EXPECT_EQ(call(HYPERDBG_CALL_REQUEST, user_start, 8, user_start, 4), -22);
  EXPECT_EQ(call(HYPERDBG_CALL_REQUEST, user_start, ~0ull, user_start, 0x100), -22);
}

TEST_F(Hypercall, TakesPages) {
  const u64 before = machine.pool->count();
  static u64 fresh = 0x2000000;  // a page is given once, also when the test is repeated
  const u64 list_page = fresh, page = fresh + page_size;
  fresh += 2 * page_size;
  *physical<hyperdbg_page_list>(list_page) = {.next = 0, .use = HYPERDBG_PAGES_POOL, .count = 1, .pages = {page}};
  EXPECT_EQ(call(HYPERDBG_CALL_DONATE, list_page), 0);
  // Each may cost a table that splits a large page.
  EXPECT_GE(machine.pool->count() + 2, before + 1);
  EXPECT_EQ(machine.ring(0).free_pages, machine.pool->count());
  u8 seen = 1;
  ASSERT_TRUE(read_physical(page, &seen, 1));
  EXPECT_EQ(seen, 0);
  EXPECT_FALSE(write_physical(list_page, &seen, 1));
}

TEST_F(Hypercall, HaltsInDebuggerModeOnly) {
  machine.boot->mode = HYPERDBG_MODE_VMI;
  EXPECT_EQ(call(HYPERDBG_CALL_HALT), -22);
  machine.boot->mode = HYPERDBG_MODE_DEBUGGER;
  line.while_halted.push_back(packet(HYPERDBG_PACKET_REQUEST, 1, request(HYPERDBG_REQUEST_CONTINUE)));
  EXPECT_EQ(call(HYPERDBG_CALL_HALT), 0);
  EXPECT_EQ(heard().front().kind, u32{HYPERDBG_PACKET_HALTED});
}

TEST_F(Hypercall, APanicHaltsOnlyWhereADebuggerIsAttached) {
  const char text[] = "Kernel panic - not syncing";
  __builtin_memcpy(physical(user_physical), text, sizeof(text));
  EXPECT_EQ(call(HYPERDBG_CALL_STOPPED, HYPERDBG_HALT_PANIC, user_start), 0);
  EXPECT_TRUE(line.out.empty());

  line.hear(packet(HYPERDBG_PACKET_REQUEST, 1, request(HYPERDBG_REQUEST_STATUS)));
  ASSERT_TRUE(machine.link.poll());
  line.while_halted.push_back(packet(HYPERDBG_PACKET_REQUEST, 2, request(HYPERDBG_REQUEST_CONTINUE)));
  EXPECT_EQ(call(HYPERDBG_CALL_STOPPED, HYPERDBG_HALT_PANIC, user_start), 0);
  const auto packets = heard();
  ASSERT_FALSE(packets.empty());
  hyperdbg_halted halted{};
  ASSERT_EQ(packets[0].payload.size(), sizeof(halted));
  __builtin_memcpy(&halted, packets[0].payload.data(), sizeof(halted));
  EXPECT_EQ(halted.reason, u32{HYPERDBG_HALT_PANIC});
  EXPECT_STREQ(halted.text, text);
}

}  // namespace
}  // namespace hyperdbg::test
