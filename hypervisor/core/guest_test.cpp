// SPDX-License-Identifier: MIT
#include "hypervisor/core/guest.hpp"

#include <cstring>

#include "hypervisor/core/core_fixture.hpp"

namespace hyperdbg::test {
namespace {

struct GuestView : CoreTest {
  ~GuestView() override {
    machine.boot->levels = 4;
    machine.boot->isolation = 0;
  }
  u8 length_of(const Bytes& code, u64 at = user_start) {
    std::memcpy(physical(user_physical + at - user_start), code.data(), code.size());
    return instruction_length(cpu(), at, cpu().cr3, 2, x86::Branches::intel);
  }
};

TEST_F(GuestView, KnowsTheUsualLengthOfUsualInstructions) {
  EXPECT_EQ(length_of({0x0f, 0xa2}), 2);
  EXPECT_EQ(length_of({0x0f, 0x30}), 2);
}

TEST_F(GuestView, CountsPrefixes) {
  EXPECT_EQ(length_of({0x66, 0x0f, 0xa2}), 3);
  EXPECT_EQ(length_of({0x48, 0x0f, 0xa2}), 3);
  EXPECT_EQ(length_of({0xf2, 0x66, 0x48, 0x0f, 0xa2}), 5);
}

TEST_F(GuestView, CountsAcrossPages) {
  EXPECT_EQ(length_of({0x0f, 0xa2}, user_start + page_size - 1), 2);
  EXPECT_EQ(length_of({0x66, 0x0f, 0xa2}, user_start + page_size - 2), 3);
}

// What the processor executed was there; if it is gone from the tables meanwhile, the usual length is the best guess.
TEST_F(GuestView, FallsBackToTheUsualLength) {
  EXPECT_EQ(instruction_length(cpu(), user_hole, cpu().cr3, 2, x86::Branches::intel), 2);
  EXPECT_EQ(length_of({0x66}, user_hole - 1), 2);
  // Tables that are not memory.
  EXPECT_EQ(instruction_length(cpu(), user_start, memory_end, 3, x86::Branches::intel), 3);
}

TEST_F(GuestView, ReadsKernelCodeInLargePages) {
  const u8 code[] = {0x3e, 0x0f, 0x01, 0xd9};
  std::memcpy(physical(0x800000), code, sizeof(code));
  EXPECT_EQ(instruction_length(cpu(), module_text, cpu().cr3, 3, x86::Branches::intel), 4);
}

// What a script's services make of guest addresses.
TEST_F(GuestView, ScriptsChangeWordsInPlaceAndTranslateAddresses) {
  constexpr u64 cell = user_start + 0x100;
  *physical<u64>(user_physical + 0x100) = 40;
  bool done = false;
  const u32 event =
      add_event(HYPERDBG_EVENT_CPUID, HYPERDBG_ANY_KEY, HYPERDBG_PRE, [&](hyperdbg_script_context& context) {
        const auto service = [&](u64 number, u64 a, u64 b) {
          return context.runtime->service(&context, number, a, b, 0, 1);
        };
        EXPECT_EQ(service(HYPERDBG_SERVICE_ADD, cell, 2), 42u);
        EXPECT_EQ(service(HYPERDBG_SERVICE_EXCHANGE, cell, 7), 42u);
        EXPECT_EQ(service(HYPERDBG_SERVICE_VIRTUAL_TO_PHYSICAL, cell, 0), user_physical + 0x100);
        EXPECT_EQ(service(HYPERDBG_SERVICE_VIRTUAL_TO_PHYSICAL, user_hole, 0), 0u);
        EXPECT_EQ(service(HYPERDBG_SERVICE_PHYSICAL_TO_VIRTUAL, memory_end, 0), 0u);
        EXPECT_EQ(context.runtime->pseudo_register(&context, HYPERDBG_PSEUDO_CONTEXT_PHYSICAL), user_physical + 0x100);
        done = true;
        service(HYPERDBG_SERVICE_ADD, cell + 4, 1);  // not aligned: ends the run
        done = false;
      });
  cpu().registers.rax = cell;
  run(ExitKind::cpuid);
  EXPECT_TRUE(done);
  EXPECT_EQ(info(event).failed, 1u);
  EXPECT_EQ(*physical<u64>(user_physical + 0x100), 7u);
}

TEST_F(GuestView, WalksFiveLevels) {
  constexpr u64 top = 0x21000;
  physical<u64>(top)[0] = cpu().cr3 | 7;
  machine.boot->levels = 5;
  cpu().cr3 = top;
  u64 found = 0;
  ASSERT_TRUE(translate_virtual(cpu(), user_start + 5, found));
  EXPECT_EQ(found, user_physical + 5);
  EXPECT_EQ(length_of({0x66, 0x0f, 0xa2}), 3);
}

// Linux's user tables lack the kernel: they are the page behind the kernel's.
TEST_F(GuestView, FindsTheKernelFromUserTables) {
  constexpr u64 kernel_tables = 0x22000, user_tables = kernel_tables | 1 << 12;
  std::memcpy(physical(kernel_tables), physical(cpu().cr3), page_size);
  cpu().cr3 = user_tables;
  u64 found = 0;
  EXPECT_FALSE(translate_virtual(cpu(), module_text, found));
  machine.boot->isolation = 1;
  ASSERT_TRUE(translate_virtual(cpu(), module_text, found));
  EXPECT_EQ(found, 0x800000u);
  EXPECT_FALSE(translate_virtual(cpu(), user_start, found));  // user addresses stay with the user's tables
}

TEST_F(GuestView, ReadsTheFirstTaskThroughThePageTables) {
  u64* const pointer = physical<u64>(cpu().boot->current_task);
  const u64 before = *pointer;
  *pointer = user_start;  // anywhere but in the linear map
  *physical<u32>(user_physical + machine.boot->task_tgid) = 77;
  EXPECT_EQ(current_process(cpu()), 77u);
  *pointer = user_hole;
  EXPECT_EQ(current_process(cpu()), 0u);
  *pointer = 0;
  EXPECT_EQ(current_process(cpu()), 0u);
  *pointer = before;
  EXPECT_EQ(current_process(cpu()), guest_process);
}

}  // namespace
}  // namespace hyperdbg::test
