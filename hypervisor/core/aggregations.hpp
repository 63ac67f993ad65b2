// SPDX-License-Identifier: MIT
#pragma once
#include <span>

#include "abi/aggregate.h"
#include "base/result.hpp"
#include "hypervisor/core/vcpu.hpp"
#include "hypervisor/events/engine.hpp"
#include "script/runtime/aggregation.hpp"

// What scripts aggregate in root mode: the definitions, and a table for each CPU that only its own scripts write.
namespace hyperdbg {

// Null for a number that nobody was given.
const hyperdbg_aggregation* find_aggregation(u64 number);
script::AggregateTable& aggregate_table(u32 core);

// Answers REQUEST_AGGREGATION and its like; the other CPUs stand still.
bool handles_aggregations(u32 request_kind);
AnswerPayload handle_aggregations(u32 request_kind, std::span<const u8> payload, std::span<u8> answer);
// Forgets the definitions and what was aggregated; the pages are kept.
void reset_aggregations();

// The addresses of a stack, innermost first; how many were found.
u32 capture_stack(const Vcpu& vcpu, hyperdbg_aggregate_key kind, u64* frames, u32 most);

// What the debugger has told of the kernel.
struct KernelLayout {
  u64 text_start, text_end;
  u64 modules_start, modules_end;
  u64 task_stack;
};
const KernelLayout& kernel_layout();

}  // namespace hyperdbg
