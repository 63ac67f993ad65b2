// SPDX-License-Identifier: MIT
#include "script/syntax/aggregates.hpp"

#include <algorithm>
#include <iterator>

namespace hyperdbg::script {
namespace {

constexpr AggregateFunction functions[] = {
    {"aggregate_count", HYPERDBG_AGGREGATE_COUNT, false},    {"aggregate_sum", HYPERDBG_AGGREGATE_SUM, true},
    {"aggregate_min", HYPERDBG_AGGREGATE_MINIMUM, true},     {"aggregate_max", HYPERDBG_AGGREGATE_MAXIMUM, true},
    {"aggregate_avg", HYPERDBG_AGGREGATE_AVERAGE, true},     {"aggregate_hist", HYPERDBG_AGGREGATE_LOG2, true},
    {"aggregate_lhist", HYPERDBG_AGGREGATE_LINEAR, true, 3}, {"aggregate_set", HYPERDBG_AGGREGATE_SET, true},
};

}  // namespace

std::span<const AggregateFunction> all_aggregates() {
  return functions;
}

const AggregateFunction* find_aggregate(std::string_view name) {
  const auto found = std::ranges::find(functions, name, &AggregateFunction::name);
  return found == std::end(functions) ? nullptr : found;
}

hyperdbg_aggregate_key find_key_word(std::string_view word) {
  if (word == "str") return HYPERDBG_KEY_TEXT;
  if (word == "kstack") return HYPERDBG_KEY_KERNEL_STACK;
  return word == "ustack" ? HYPERDBG_KEY_USER_STACK : hyperdbg_aggregate_key{};
}

}  // namespace hyperdbg::script
