// SPDX-License-Identifier: MIT
#include "hypervisor/core/requests.hpp"

#include <cstring>

#include "abi/version.h"
#include "hypervisor/core/core_fixture.hpp"

// Requests whose bytes may be anything.
namespace hyperdbg::test {
namespace {

struct Requests : CoreTest {
  Status status_of(u32 kind, const Bytes& payload = {}) { return ask(kind, payload).status; }
  Bytes range(u64 address, u32 size, u32 kind = HYPERDBG_VIRTUAL) {
    return bytes_of(hyperdbg_memory_range{.address = address, .size = size, .kind = kind});
  }
  Bytes with(Bytes head, const Bytes& tail) {
    head.insert(head.end(), tail.begin(), tail.end());
    return head;
  }
  template <class T>
  T value_in(const Answer& answer) {
    T value{};
    EXPECT_EQ(answer.payload.size(), sizeof(T));
    if (answer.payload.size() == sizeof(T)) std::memcpy(&value, answer.payload.data(), sizeof(T));
    return value;
  }
};

TEST_F(Requests, AreRefusedWithoutAWholeHeader) {
  for (std::size_t size = 0; size < sizeof(hyperdbg_request); ++size) {
    EXPECT_EQ(ask(Bytes(size, 0)).status, HYPERDBG_MALFORMED);
  }
}

TEST_F(Requests, AreRefusedWhenTheirSizeIsNotWhatCame) {
  for (const u32 size : {1u, 7u, ~0u, ~0u - 7}) {
    EXPECT_EQ(ask(bytes_of(hyperdbg_request{.kind = HYPERDBG_REQUEST_STATUS, .size = size})).status,
              HYPERDBG_MALFORMED);
  }
  EXPECT_EQ(ask(bytes_of(hyperdbg_request{.kind = HYPERDBG_REQUEST_STATUS, .size = 0}, u64{})).status,
            HYPERDBG_MALFORMED);
}

TEST_F(Requests, OfUnknownKindsAreNotSupported) {
  for (const u32 kind : {0u, HYPERDBG_REQUEST_DETACH + 1u, 0x100u, ~0u}) {
    EXPECT_EQ(status_of(kind), HYPERDBG_NOT_SUPPORTED);
    EXPECT_EQ(status_of(kind, Bytes(100, 0xff)), HYPERDBG_NOT_SUPPORTED);
  }
}

// Every kind, cut off at every length, with bytes of one value: only the answer's form is looked at.
TEST_F(Requests, SurviveAnyPayload) {
  for (u32 kind = 0; kind < 32; ++kind) {
    if (kind == HYPERDBG_REQUEST_TEST_FAULT || kind == HYPERDBG_REQUEST_HALT) continue;
    for (std::size_t size = 0; size <= 80; ++size) {
      for (const u8 filling : {0x00, 0x01, 0x7f, 0xff}) ask(kind, Bytes(size, filling));
    }
  }
}

TEST_F(Requests, HelloTellsWhoIsThere) {
  EXPECT_EQ(status_of(HYPERDBG_REQUEST_HELLO, Bytes(sizeof(hyperdbg_hello) - 1)), HYPERDBG_MALFORMED);
  hyperdbg_hello hello{.abi = HYPERDBG_ABI, .version = HYPERDBG_VERSION};
  const auto answer = value_in<hyperdbg_hello_answer>(ask(HYPERDBG_REQUEST_HELLO, bytes_of(hello)));
  EXPECT_EQ(answer.abi, u32{HYPERDBG_ABI});
  EXPECT_STREQ(answer.version, HYPERDBG_VERSION);
  EXPECT_EQ(answer.mode, u32{HYPERDBG_MODE_DEBUGGER});
  EXPECT_EQ(answer.cpus, 1u);  // two are possible, one is online
  EXPECT_EQ(answer.levels, 4u);
  EXPECT_STREQ(answer.release, "6.1.0-test");
  EXPECT_EQ(answer.halted, 0u);
}

TEST_F(Requests, StatusCounts) {
  run(ExitKind::cpuid);
  run(ExitKind::cpuid);
  add_event(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_PRE, says(""));
  const auto answer = value_in<hyperdbg_status_answer>(ask(HYPERDBG_REQUEST_STATUS));
  EXPECT_EQ(answer.exits, 2u);
  EXPECT_EQ(answer.events, 1u);
  EXPECT_EQ(answer.free_pages, machine.pool->count());
  EXPECT_EQ(answer.free_events, machine.engine.free_events());
}

TEST_F(Requests, ReadMemoryUpToTheFirstHole) {
  std::memset(physical(user_physical), 0x61, user_pages * page_size);
  const Answer all = ask(HYPERDBG_REQUEST_READ_MEMORY, range(user_hole - 10, 64));
  EXPECT_EQ(all.status, HYPERDBG_OK);
  EXPECT_EQ(all.payload, Bytes(10, 0x61));
  EXPECT_EQ(status_of(HYPERDBG_REQUEST_READ_MEMORY, range(user_hole, 1)), HYPERDBG_INVALID_ADDRESS);
  EXPECT_EQ(status_of(HYPERDBG_REQUEST_READ_MEMORY, range(~0ull - 3, 64)), HYPERDBG_INVALID_ADDRESS);
  EXPECT_EQ(status_of(HYPERDBG_REQUEST_READ_MEMORY, range(0x8000000000000000, 8)), HYPERDBG_INVALID_ADDRESS);
  EXPECT_EQ(status_of(HYPERDBG_REQUEST_READ_MEMORY, range(user_hole, 0)), HYPERDBG_OK);
}

TEST_F(Requests, ReadPhysicalMemoryUpToItsEnd) {
  EXPECT_EQ(ask(HYPERDBG_REQUEST_READ_MEMORY, range(memory_end - 4, 64, HYPERDBG_PHYSICAL)).payload.size(), 4u);
  EXPECT_EQ(status_of(HYPERDBG_REQUEST_READ_MEMORY, range(memory_end, 1, HYPERDBG_PHYSICAL)), HYPERDBG_INVALID_ADDRESS);
  EXPECT_EQ(status_of(HYPERDBG_REQUEST_READ_MEMORY, range(~0ull, 8, HYPERDBG_PHYSICAL)), HYPERDBG_INVALID_ADDRESS);
}

TEST_F(Requests, ReadNoMoreThanAnAnswerHolds) {
  EXPECT_EQ(ask(HYPERDBG_REQUEST_READ_MEMORY, range(0, HYPERDBG_MAXIMUM_PAYLOAD, HYPERDBG_PHYSICAL)).payload.size(),
            std::size_t{HYPERDBG_MAXIMUM_PAYLOAD});
  EXPECT_EQ(status_of(HYPERDBG_REQUEST_READ_MEMORY, range(0, HYPERDBG_MAXIMUM_PAYLOAD + 1, HYPERDBG_PHYSICAL)),
            HYPERDBG_MALFORMED);
  EXPECT_EQ(status_of(HYPERDBG_REQUEST_READ_MEMORY, range(0, ~0u, HYPERDBG_PHYSICAL)), HYPERDBG_MALFORMED);
}

TEST_F(Requests, WriteMemoryAllOrNothing) {
  EXPECT_EQ(status_of(HYPERDBG_REQUEST_WRITE_MEMORY, with(range(user_start, 2), {7, 8})), HYPERDBG_OK);
  EXPECT_EQ(physical(user_physical)[1], 8);
  physical(user_physical + user_pages * page_size)[-1] = 1;
  EXPECT_EQ(status_of(HYPERDBG_REQUEST_WRITE_MEMORY, with(range(user_hole - 1, 2), {7, 8})),
            HYPERDBG_EDIT_INVALID_ADDRESS);
  EXPECT_EQ(physical(user_physical + user_pages * page_size)[-1], 1);
  EXPECT_EQ(status_of(HYPERDBG_REQUEST_WRITE_MEMORY, with(range(user_start, 3), {7, 8})), HYPERDBG_MALFORMED);
  EXPECT_EQ(status_of(HYPERDBG_REQUEST_WRITE_MEMORY, with(range(user_start, 1), {7, 8})), HYPERDBG_MALFORMED);
  EXPECT_EQ(status_of(HYPERDBG_REQUEST_WRITE_MEMORY, range(user_start, ~0u)), HYPERDBG_MALFORMED);
}

TEST_F(Requests, NeverShowOrChangeWhatIsHidden) {
  const u64 pool_page = machine.boot->pages;  // the list of the image's pages is one of them
  EXPECT_EQ(ask(HYPERDBG_REQUEST_READ_MEMORY, range(pool_page, 8, HYPERDBG_PHYSICAL)).payload, Bytes(8, 0));
  EXPECT_EQ(status_of(HYPERDBG_REQUEST_WRITE_MEMORY, with(range(pool_page, 1, HYPERDBG_PHYSICAL), {1})),
            HYPERDBG_EDIT_INVALID_ADDRESS);
}

TEST_F(Requests, Translate) {
  EXPECT_EQ(value_in<u64>(ask(HYPERDBG_REQUEST_TRANSLATE, bytes_of(user_start + 0x1234))), user_physical + 0x1234);
  EXPECT_EQ(status_of(HYPERDBG_REQUEST_TRANSLATE, bytes_of(user_hole)), HYPERDBG_INVALID_ADDRESS);
  EXPECT_EQ(status_of(HYPERDBG_REQUEST_TRANSLATE, Bytes(7)), HYPERDBG_MALFORMED);
}

TEST_F(Requests, ThatNeedAHaltAreRefusedWithout) {
  for (const u32 kind : {HYPERDBG_REQUEST_READ_REGISTERS, HYPERDBG_REQUEST_WRITE_REGISTER, HYPERDBG_REQUEST_SWITCH_CORE,
                         HYPERDBG_REQUEST_CONTINUE, HYPERDBG_REQUEST_EVALUATE}) {
    EXPECT_EQ(status_of(kind, Bytes(64)), HYPERDBG_NOT_HALTED) << kind;
  }
}

TEST_F(Requests, HaltNotInVmiMode) {
  machine.boot->mode = HYPERDBG_MODE_VMI;
  EXPECT_EQ(status_of(HYPERDBG_REQUEST_HALT), HYPERDBG_NOT_SUPPORTED);
}

TEST_F(Requests, ReadAndWriteRegistersWhileHalted) {
  cpu().registers.r15 = 0x1515;
  const Answer all = ask_halted(HYPERDBG_REQUEST_READ_REGISTERS);
  ASSERT_EQ(all.payload.size(), HYPERDBG_REGISTER_COUNT * sizeof(u64));
  u64 r15 = 0;
  std::memcpy(&r15, all.payload.data() + HYPERDBG_R15 * sizeof(u64), sizeof(r15));
  EXPECT_EQ(r15, 0x1515u);

  const auto write = [&](u64 number, u64 value) {
    return ask_halted(HYPERDBG_REQUEST_WRITE_REGISTER, bytes_of(hyperdbg_register_value{number, value})).status;
  };
  EXPECT_EQ(write(HYPERDBG_RBX, 0xbb), HYPERDBG_OK);
  EXPECT_EQ(cpu().registers.rbx, 0xbbu);
  EXPECT_EQ(write(HYPERDBG_TR, 0xbb), HYPERDBG_READ_ONLY_REGISTER);
  EXPECT_EQ(write(HYPERDBG_REGISTER_COUNT, 0), HYPERDBG_MALFORMED);
  EXPECT_EQ(write(0x100000000, 0), HYPERDBG_MALFORMED);
  EXPECT_EQ(ask_halted(HYPERDBG_REQUEST_WRITE_REGISTER, Bytes(15)).status, HYPERDBG_MALFORMED);
}

TEST_F(Requests, SwitchOnlyToCoresThatAreThere) {
  EXPECT_EQ(ask_halted(HYPERDBG_REQUEST_SWITCH_CORE, bytes_of(u32{1})).status, HYPERDBG_CORE_NOT_PRESENT);
  EXPECT_EQ(ask_halted(HYPERDBG_REQUEST_SWITCH_CORE, bytes_of(u32{2})).status, HYPERDBG_INVALID_CORE);
  EXPECT_EQ(ask_halted(HYPERDBG_REQUEST_SWITCH_CORE, bytes_of(~0u)).status, HYPERDBG_INVALID_CORE);
  EXPECT_EQ(ask_halted(HYPERDBG_REQUEST_SWITCH_CORE, Bytes(3)).status, HYPERDBG_MALFORMED);
}

TEST_F(Requests, EvaluateOnAHaltedCpu) {
  const auto evaluate = [&](Script script) {
    const Bytes blob = code(std::move(script));
    return ask_halted(
               HYPERDBG_REQUEST_EVALUATE,
               with(bytes_of(hyperdbg_action{HYPERDBG_ACTION_SCRIPT, static_cast<u32>(blob.size()), 0, 0}), blob))
        .status;
  };
  EXPECT_EQ(evaluate([](hyperdbg_script_context& context) {
              EXPECT_EQ(context.event_id, 0u);
              EXPECT_EQ(context.event_stage, 0u);
              context.registers->rsi = 0x51;
            }),
            HYPERDBG_OK);
  EXPECT_EQ(cpu().registers.rsi, 0x51u);
  EXPECT_EQ(evaluate([](hyperdbg_script_context& context) {
              context.runtime->abort(&context, HYPERDBG_SCRIPT_DIVISION_BY_ZERO, 1, 0);
            }),
            HYPERDBG_SCRIPT_FAILED);
}

TEST_F(Requests, EvaluateNothingMalformed) {
  const auto evaluate = [&](u32 kind, u32 size, const Bytes& blob) {
    return ask_halted(HYPERDBG_REQUEST_EVALUATE, with(bytes_of(hyperdbg_action{kind, size, 0, 0}), blob)).status;
  };
  EXPECT_EQ(evaluate(HYPERDBG_ACTION_BREAK, 1, {0xc3}), HYPERDBG_MALFORMED);
  EXPECT_EQ(evaluate(HYPERDBG_ACTION_SCRIPT, 2, {0xc3}), HYPERDBG_MALFORMED);
  EXPECT_EQ(evaluate(HYPERDBG_ACTION_SCRIPT, ~0u, {0xc3}), HYPERDBG_MALFORMED);
  EXPECT_EQ(evaluate(HYPERDBG_ACTION_SCRIPT, 0, {}), HYPERDBG_MALFORMED);
  EXPECT_EQ(evaluate(HYPERDBG_ACTION_SCRIPT, HYPERDBG_REGULAR_ACTION_SIZE + 1, Bytes(HYPERDBG_REGULAR_ACTION_SIZE + 1)),
            HYPERDBG_ACTION_TOO_BIG);
  EXPECT_EQ(ask_halted(HYPERDBG_REQUEST_EVALUATE, Bytes(sizeof(hyperdbg_action) - 1)).status, HYPERDBG_MALFORMED);
}

TEST_F(Requests, ListModulesAsManyAsFit) {
  auto& list = *reinterpret_cast<hyperdbg_modules*>(HYPERDBG_MODULES_AREA);
  list.count = 2;
  std::strcpy(list.entries[1].name, "hyperdbg");
  list.entries[1].base = module_text;
  const Answer two = ask(HYPERDBG_REQUEST_MODULES);
  ASSERT_EQ(two.payload.size(), 2 * sizeof(hyperdbg_module_info));
  hyperdbg_module_info last;
  std::memcpy(&last, two.payload.data() + sizeof(last), sizeof(last));
  EXPECT_STREQ(last.name, "hyperdbg");
  EXPECT_EQ(last.base, module_text);
  list.count = HYPERDBG_MODULES_CAPACITY;
  EXPECT_EQ(ask(HYPERDBG_REQUEST_MODULES).payload.size(), HYPERDBG_MODULES_CAPACITY * sizeof(hyperdbg_module_info));
  list.count = 0;
}

}  // namespace
}  // namespace hyperdbg::test
