// SPDX-License-Identifier: MIT
#include "hypervisor/core/aggregations.hpp"

#include "abi/request.h"
#include "hypervisor/core/machine.hpp"

namespace hyperdbg {

namespace {

using script::AggregateTable;

struct State {
  u32 count;
  u32 capacity;  // of each CPU's table, once there is one
  hyperdbg_aggregation aggregations[HYPERDBG_MAXIMUM_AGGREGATIONS];
  KernelLayout layout;
  AggregateTable tables[HYPERDBG_MAXIMUM_CPUS];
};
constinit State state{};

template <class T>
bool take(std::span<const u8> payload, T& value) {
  if (payload.size() != sizeof(value)) return false;
  __builtin_memcpy(&value, payload.data(), sizeof(value));
  return true;
}

template <class T>
void put(std::span<u8> answer, u32& used, const T& value) {
  __builtin_memcpy(answer.data() + used, &value, sizeof(value));
  used += sizeof(value);
}

bool same_name(const hyperdbg_aggregation& left, const hyperdbg_aggregation& right) {
  return __builtin_memcmp(left.name, right.name, sizeof(left.name)) == 0;
}

// As large as half of the pool allows: the other half is for events.
u32 affordable_capacity() {
  const u64 pages = machine.pool->count() / 2 / machine.boot->cpus;
  u32 capacity = AggregateTable::largest;
  while (capacity > AggregateTable::smallest && AggregateTable::pages_for(capacity) > pages) capacity /= 2;
  return AggregateTable::pages_for(capacity) <= pages ? capacity : 0;
}

Status make_tables() {
  if (state.capacity != 0) return HYPERDBG_OK;
  const u32 capacity = affordable_capacity();
  if (capacity == 0) return HYPERDBG_POOL_EMPTY;
  for (u32 core = 0; core < machine.boot->cpus; ++core) {
    for (u32 i = 0; i < AggregateTable::pages_for(capacity); ++i) {
      const auto page = machine.pool->take();
      if (!page.ok()) return page.status();  // cannot be: there are twice as many
      state.tables[core].set_page(i, machine.memory.at<u8>(page.value()));
    }
    state.tables[core].set_capacity(capacity);
  }
  state.capacity = capacity;
  return HYPERDBG_OK;
}

AnswerPayload define(std::span<const u8> payload, std::span<u8> answer) {
  hyperdbg_aggregation_request wanted;
  if (!take(payload, wanted) || !script::is_valid(wanted.aggregation)) return {HYPERDBG_MALFORMED, 0};
  state.layout = {wanted.text_start, wanted.text_end, wanted.modules_start, wanted.modules_end, wanted.task_stack};
  u32 number = 0;
  for (; number < state.count; ++number)
    if (same_name(state.aggregations[number], wanted.aggregation)) break;
  if (number == HYPERDBG_MAXIMUM_AGGREGATIONS) return {HYPERDBG_TOO_MANY_AGGREGATIONS, 0};
  if (number < state.count &&
      __builtin_memcmp(&state.aggregations[number], &wanted.aggregation, sizeof(wanted.aggregation)) != 0)
    return {HYPERDBG_AGGREGATION_DIFFERS, 0};
  if (const Status made = make_tables(); made != HYPERDBG_OK) return {made, 0};
  if (number == state.count) state.aggregations[state.count++] = wanted.aggregation;
  machine.publish_pool();
  u32 used = 0;
  put(answer, used, number);
  return {HYPERDBG_OK, used};
}

AnswerPayload list(std::span<u8> answer) {
  u32 used = 0;
  for (u32 number = 0; number < state.count; ++number) {
    hyperdbg_aggregation_info info{.aggregation = state.aggregations[number], .lost = 0};
    for (u32 core = 0; core < machine.boot->cpus; ++core) info.lost += state.tables[core].lost(number);
    put(answer, used, info);
  }
  return {HYPERDBG_OK, used};
}

AnswerPayload read(std::span<const u8> payload, std::span<u8> answer) {
  hyperdbg_aggregate_range range;
  if (!take(payload, range)) return {HYPERDBG_MALFORMED, 0};
  if (range.core >= machine.boot->cpus) return {HYPERDBG_INVALID_CORE, 0};
  const AggregateTable& table = state.tables[range.core];
  u32 used = sizeof(hyperdbg_aggregate_answer);
  u32 place = range.first;
  for (; place < table.capacity(); ++place) {
    const hyperdbg_aggregate_entry* entry = table.at(place);
    if (entry == nullptr) continue;
    const u32 size = static_cast<u32>(sizeof(*entry)) + script::size_behind(*entry);
    if (answer.size() - used < size) break;
    __builtin_memcpy(answer.data() + used, entry, size);  // key and value lie behind it
    used += size;
  }
  const hyperdbg_aggregate_answer header{.next = place < table.capacity() ? place : table.capacity(),
                                         .capacity = table.capacity()};
  __builtin_memcpy(answer.data(), &header, sizeof(header));
  return {HYPERDBG_OK, used};
}

AnswerPayload clear(std::span<const u8> payload) {
  u32 number;
  if (!take(payload, number)) return {HYPERDBG_MALFORMED, 0};
  if (number != HYPERDBG_ALL_AGGREGATIONS && number >= state.count) return {HYPERDBG_MALFORMED, 0};
  for (u32 core = 0; core < machine.boot->cpus; ++core) state.tables[core].clear(number);
  return {HYPERDBG_OK, 0};
}

}  // namespace

const hyperdbg_aggregation* find_aggregation(u64 number) {
  return number < state.count ? &state.aggregations[number] : nullptr;
}

AggregateTable& aggregate_table(u32 core) {
  return state.tables[core];
}

const KernelLayout& kernel_layout() {
  return state.layout;
}

void reset_aggregations() {
  for (AggregateTable& table : state.tables) table.clear(HYPERDBG_ALL_AGGREGATIONS);
  state.count = 0;
}

bool handles_aggregations(u32 request_kind) {
  return request_kind >= HYPERDBG_REQUEST_AGGREGATION && request_kind <= HYPERDBG_REQUEST_AGGREGATION_CLEAR;
}

AnswerPayload handle_aggregations(u32 request_kind, std::span<const u8> payload, std::span<u8> answer) {
  switch (request_kind) {
    case HYPERDBG_REQUEST_AGGREGATION:
      return define(payload, answer);
    case HYPERDBG_REQUEST_AGGREGATION_LIST:
      return list(answer);
    case HYPERDBG_REQUEST_AGGREGATION_READ:
      return read(payload, answer);
    default:
      return clear(payload);
  }
}

}  // namespace hyperdbg
