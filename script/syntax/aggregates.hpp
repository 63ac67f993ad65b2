// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <span>
#include <string_view>

#include "abi/aggregate.h"

namespace hyperdbg::script {

// aggregate_count("name", key...) and its like.
struct AggregateFunction {
  std::string_view name;
  hyperdbg_aggregation_kind kind;
  bool has_value;          // behind the name
  std::size_t bounds = 0;  // constants behind the value: low, high, step
};

std::span<const AggregateFunction> all_aggregates();
// Null if there is none of this name.
const AggregateFunction* find_aggregate(std::string_view name);

// In keys, and as what aggregate_set sets: str(address), kstack(), kstack(frames), ustack(), ustack(frames). 0 if it is
// none of them.
hyperdbg_aggregate_key find_key_word(std::string_view word);

}  // namespace hyperdbg::script
