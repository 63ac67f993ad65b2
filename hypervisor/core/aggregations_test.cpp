// SPDX-License-Identifier: MIT
#include "hypervisor/core/aggregations.hpp"

#include <cstring>
#include <map>
#include <string>
#include <tuple>

#include "hypervisor/core/core_fixture.hpp"

namespace hyperdbg::test {
namespace {

class Aggregations : public CoreTest {
 protected:
  ~Aggregations() override { reset_aggregations(); }

  static hyperdbg_aggregation_request counting(const char* name) {
    hyperdbg_aggregation_request request{};
    std::strcpy(request.aggregation.name, name);
    request.aggregation.kind = HYPERDBG_AGGREGATE_COUNT;
    request.aggregation.key_count = 1;
    request.aggregation.keys[0] = HYPERDBG_KEY_NUMBER;
    return request;
  }
  Answer define(const hyperdbg_aggregation_request& request) {
    return ask(HYPERDBG_REQUEST_AGGREGATION, bytes_of(request));
  }
  u32 number_of(const char* name) {
    const Answer answer = define(counting(name));
    u32 number = ~0u;
    if (answer.payload.size() == sizeof(number)) std::memcpy(&number, answer.payload.data(), sizeof(number));
    return number;
  }
  // Counts by key in the table of a core.
  std::map<u64, u64> table(u32 core) {
    const Answer answer = ask(HYPERDBG_REQUEST_AGGREGATION_READ, bytes_of(hyperdbg_aggregate_range{core, 0}));
    std::map<u64, u64> counts;
    for (u64 at = sizeof(hyperdbg_aggregate_answer); at < answer.payload.size();) {
      hyperdbg_aggregate_entry entry;
      u64 key = 0;
      std::memcpy(&entry, answer.payload.data() + at, sizeof(entry));
      std::memcpy(&key, answer.payload.data() + at + sizeof(entry), sizeof(key));
      at += sizeof(entry) + script::size_behind(entry);
      counts[key] = entry.count;
    }
    return counts;
  }
};

TEST_F(Aggregations, GiveANameOneNumberAndOneShape) {
  EXPECT_EQ(number_of("first"), 0u);
  EXPECT_EQ(number_of("second"), 1u);
  EXPECT_EQ(number_of("first"), 0u);
  hyperdbg_aggregation_request other = counting("first");
  other.aggregation.kind = HYPERDBG_AGGREGATE_SUM;
  EXPECT_EQ(define(other).status, HYPERDBG_AGGREGATION_DIFFERS);
  other.aggregation.kind = 99;
  EXPECT_EQ(define(other).status, HYPERDBG_MALFORMED);
  EXPECT_EQ(ask(HYPERDBG_REQUEST_AGGREGATION, Bytes(5)).status, HYPERDBG_MALFORMED);
  for (u32 i = 2; i < HYPERDBG_MAXIMUM_AGGREGATIONS; ++i) EXPECT_EQ(number_of(std::to_string(i).c_str()), i);
  EXPECT_EQ(define(counting("more")).status, HYPERDBG_TOO_MANY_AGGREGATIONS);
  ask(HYPERDBG_REQUEST_RESET);
  EXPECT_EQ(number_of("more"), 0u);
}

TEST_F(Aggregations, CountOnEachCoreForItself) {
  const u32 number = number_of("calls");
  add_event(HYPERDBG_EVENT_CPUID, HYPERDBG_ANY_KEY, HYPERDBG_PRE, [number](hyperdbg_script_context& context) {
    const u64 key = context.context;
    context.runtime->aggregate(&context, number, 0, &key, 1);
  });
  for (u64 leaf : {5, 6, 5}) {
    cpu(0).registers.rax = leaf;
    run(ExitKind::cpuid);
  }
  cpu(1).registers.rax = 5;
  run({.kind = ExitKind::cpuid, .length = 2, .io = {}}, 1);
  EXPECT_EQ(table(0), (std::map<u64, u64>{{5, 2}, {6, 1}}));
  EXPECT_EQ(table(1), (std::map<u64, u64>{{5, 1}}));
  EXPECT_EQ(ask(HYPERDBG_REQUEST_AGGREGATION_CLEAR, bytes_of(number)).status, HYPERDBG_OK);
  EXPECT_TRUE(table(0).empty());
  EXPECT_EQ(ask(HYPERDBG_REQUEST_AGGREGATION_CLEAR, bytes_of(number + 1)).status, HYPERDBG_MALFORMED);
  EXPECT_EQ(ask(HYPERDBG_REQUEST_AGGREGATION_READ, bytes_of(hyperdbg_aggregate_range{64, 0})).status,
            HYPERDBG_INVALID_CORE);
}

TEST_F(Aggregations, KeepWhatEachCoreSetLastAndWhen) {
  hyperdbg_aggregation_request request = counting("last");
  request.aggregation.kind = HYPERDBG_AGGREGATE_SET;
  EXPECT_EQ(define(request).status, HYPERDBG_MALFORMED);
  request.aggregation.key_count = 0;
  request.aggregation.keys[0] = 0;
  request.aggregation.value = HYPERDBG_KEY_NUMBER;
  ASSERT_EQ(define(request).status, HYPERDBG_OK);
  add_event(HYPERDBG_EVENT_CPUID, HYPERDBG_ANY_KEY, HYPERDBG_PRE, [](hyperdbg_script_context& context) {
    context.runtime->aggregate(&context, 0, context.context, nullptr, 1);
  });
  const auto set = [&](u32 core, u64 leaf) {
    cpu(core).registers.rax = leaf;
    run({.kind = ExitKind::cpuid, .length = 2, .io = {}}, core);
  };
  set(1, 5);
  set(0, 6);
  set(0, 7);
  s64 times[2];
  for (const auto& [core, last, count] : {std::tuple{0u, 7u, 2u}, std::tuple{1u, 5u, 1u}}) {
    const Answer answer = ask(HYPERDBG_REQUEST_AGGREGATION_READ, bytes_of(hyperdbg_aggregate_range{core, 0}));
    hyperdbg_aggregate_entry entry;
    u64 value = 0;
    ASSERT_EQ(answer.payload.size(), sizeof(hyperdbg_aggregate_answer) + sizeof(entry) + sizeof(value));
    std::memcpy(&entry, answer.payload.data() + sizeof(hyperdbg_aggregate_answer), sizeof(entry));
    std::memcpy(&value, answer.payload.data() + answer.payload.size() - sizeof(value), sizeof(value));
    EXPECT_EQ(value, last);
    EXPECT_EQ(entry.count, count);
    times[core] = entry.maximum;
  }
  EXPECT_GT(times[0], times[1]);
}

TEST_F(Aggregations, ANumberThatNobodyHasEndsTheRun) {
  const u32 event = add_event(HYPERDBG_EVENT_CPUID, HYPERDBG_ANY_KEY, HYPERDBG_PRE,
                              [](auto& context) { context.runtime->aggregate(&context, 5, 0, nullptr, 1); });
  run(ExitKind::cpuid);
  EXPECT_EQ(info(event).failed, 1u);
}

}  // namespace
}  // namespace hyperdbg::test
