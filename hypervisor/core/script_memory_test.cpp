// SPDX-License-Identifier: MIT
// What scripts read, as a blob reads it: from the page that the context remembers, else through the runtime.
#include "hypervisor/core/core_fixture.hpp"

namespace hyperdbg::test {
namespace {

constexpr u64 position = 1 << 12 | 1;

struct ScriptMemory : CoreTest {
  unsigned calls = 0;  // of the runtime

  u64 read(hyperdbg_script_context& context, u64 address) {
    u64 value = 0;
    if (address - context.cache_base < context.cache_limit) {
      __builtin_memcpy(&value, reinterpret_cast<const void*>(address + context.cache_delta), sizeof value);
      return value;
    }
    ++calls;
    return context.runtime->read_memory(&context, address, sizeof value, position);
  }

  void run_script(Script script) {
    cpu().registers.rax = 1;
    const u32 event = add_event(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_PRE, std::move(script));
    run(ExitKind::cpuid);
    EXPECT_EQ(info(event).hits, 1u);
    failed = info(event).failed;
  }
  u64 failed = 0;

  // The guest's entry that maps a page of user_start.
  u64 entry_address(u64 address) {
    u64 table = cpu().cr3 & ~0xfffull;
    for (const u32 shift : {39, 30, 21}) table = physical<u64>(table)[address >> shift & 511] & 0xffffffffff000;
    return table + (address >> 12 & 511) * 8;
  }
};

TEST_F(ScriptMemory, APageIsTranslatedOnce) {
  for (u64 i = 0; i < page_size / 8; ++i) physical<u64>(user_physical)[i] = i;
  u64 sum = 0;
  run_script([&](hyperdbg_script_context& context) {
    for (u64 i = 0; i < 100; ++i) sum += read(context, user_start + i * 8);
  });
  EXPECT_EQ(sum, 4950u);
  EXPECT_EQ(calls, 1u);
}

TEST_F(ScriptMemory, EachRunTranslatesAnew) {
  run_script([&](hyperdbg_script_context& context) { read(context, user_start); });
  cpu().registers.rax = 1;
  run(ExitKind::cpuid);
  EXPECT_EQ(calls, 2u);
}

TEST_F(ScriptMemory, AReadMayCrossIntoTheNextPage) {
  *physical<u64>(user_physical + page_size - 8) = 0x1122334455667788;
  *physical<u64>(user_physical + page_size) = 0xaabbccdd99887766;
  u64 value = 0;
  run_script([&](hyperdbg_script_context& context) {
    read(context, user_start);
    value = read(context, user_start + page_size - 3);
  });
  EXPECT_EQ(value, 0xdd99887766112233);
  EXPECT_EQ(failed, 0u);
}

TEST_F(ScriptMemory, WhatIsNotMappedEndsTheRun) {
  unsigned reached = 0;
  run_script([&](hyperdbg_script_context& context) {
    read(context, user_hole - page_size);
    ++reached;
    read(context, user_hole - 3);
    ++reached;
  });
  EXPECT_EQ(reached, 1u);
  EXPECT_EQ(failed, 1u);
}

TEST_F(ScriptMemory, AHiddenPageReadsAsZero) {
  *physical<u64>(hidden_page) = 5;
  u64 value = 1;
  run_script([&](hyperdbg_script_context& context) {
    read(context, linear_map + hidden_page);
    value = read(context, linear_map + hidden_page);
  });
  EXPECT_EQ(value, 0u);
  EXPECT_EQ(calls, 1u);
}

TEST_F(ScriptMemory, AScriptThatChangesPageTablesSeesIt) {
  *physical<u64>(user_physical) = 7;
  *physical<u64>(user_physical + page_size) = 8;
  const u64 entry = entry_address(user_start);
  const u64 own = *physical<u64>(entry), other = *physical<u64>(entry_address(user_start + page_size));
  u64 before = 0;
  u64 after = 0;
  run_script([&](hyperdbg_script_context& context) {
    before = read(context, user_start);
    context.runtime->write_memory(&context, linear_map + entry, other, sizeof other);
    after = read(context, user_start);
  });
  *physical<u64>(entry) = own;  // for the tests behind this one
  EXPECT_EQ(before, 7u);
  EXPECT_EQ(after, 8u);
}

TEST_F(ScriptMemory, PhysicalWritesAndRegistersEmptyItToo) {
  run_script([&](hyperdbg_script_context& context) {
    read(context, user_start);
    context.runtime->write_physical(&context, user_physical + 8, 1, 8);
    read(context, user_start);
    context.runtime->write_register(&context, HYPERDBG_CR3, context.runtime->read_register(&context, HYPERDBG_CR3));
    read(context, user_start);
  });
  EXPECT_EQ(calls, 3u);
}

TEST_F(ScriptMemory, TheScriptsOwnMemoryIsNotAPage) {
  u64 value = 0;
  run_script([&](hyperdbg_script_context& context) {
    const u64 arena = u64{HYPERDBG_SCRIPT_AREA_ARENA} << HYPERDBG_SCRIPT_AREA_SHIFT;
    context.runtime->write_memory(&context, arena + 8, 0x55, 8);
    value = read(context, arena + 8);
    read(context, user_start);
    value += read(context, arena + 8);
  });
  EXPECT_EQ(value, 0xaau);
  EXPECT_EQ(calls, 3u);
}

}  // namespace
}  // namespace hyperdbg::test
