// SPDX-License-Identifier: MIT
#include "script/syntax/builtins.hpp"

#include <algorithm>
#include <iterator>

namespace hyperdbg::script {
namespace {

constexpr Space physical = Space::physical_memory;

constexpr Builtin builtins[] = {
    {"poi", Operation::read, 1, true, 8},
    {"dq", Operation::read, 1, true, 8},
    {"dd", Operation::read, 1, true, 4},
    {"dw", Operation::read, 1, true, 2},
    {"db", Operation::read, 1, true, 1},
    {"low", Operation::read, 1, true, 8, 0, 16},
    {"hi", Operation::read, 1, true, 8, 16, 16},
    {"poi_pa", Operation::read, 1, true, 8, 0, 64, physical},
    {"dq_pa", Operation::read, 1, true, 8, 0, 64, physical},
    {"dd_pa", Operation::read, 1, true, 4, 0, 64, physical},
    {"dw_pa", Operation::read, 1, true, 2, 0, 64, physical},
    {"db_pa", Operation::read, 1, true, 1, 0, 64, physical},
    {"low_pa", Operation::read, 1, true, 8, 0, 16, physical},
    {"hi_pa", Operation::read, 1, true, 8, 16, 16, physical},
    {"eb", Operation::write, 2, true, 1},
    {"ed", Operation::write, 2, true, 4},
    {"eq", Operation::write, 2, true, 8},
    {"eb_pa", Operation::write, 2, true, 1, 0, 64, physical},
    {"ed_pa", Operation::write, 2, true, 4, 0, 64, physical},
    {"eq_pa", Operation::write, 2, true, 8, 0, 64, physical},
    {"not", Operation::complement, 1},
    {"neg", Operation::negate, 1},
    {"event_sc", Operation::short_circuit, 1, false},
    {"test_statement", Operation::test_statement, 1, false},
};

constexpr std::string_view missing[] = {
    // clang-format off
    "formats", "flush", "event_enable", "event_disable", "enable_event", "disable_event", "event_clear", "event_inject",
    "event_inject_error_code", "pause", "event_trace_step", "event_trace_step_in", "event_trace_step_out",
    "event_trace_instrumentation_step", "event_trace_instrumentation_step_in", "memcpy", "memcpy_pa", "memcmp",
    "check_address", "virtual_to_physical", "physical_to_virtual", "strlen", "wcslen", "strcmp", "strncmp", "wcscmp",
    "wcsncmp", "disassemble_len", "disassemble_len32", "disassemble_len64", "interlocked_increment",
    "interlocked_decrement", "interlocked_exchange", "interlocked_exchange_add", "interlocked_compare_exchange",
    "spinlock_lock", "spinlock_lock_custom_wait", "spinlock_unlock", "rdtsc", "rdtscp", "microsleep", "lbr_save",
    "lbr_print", "lbr_dump", "lbr_restore", "lbr_restore_by_filter", "lbr_check", "reference", "ref", "sizeof",
    // clang-format on
};

}  // namespace

const Builtin* find_builtin(std::string_view name) {
  const auto found = std::ranges::find(builtins, name, &Builtin::name);
  return found == std::end(builtins) ? nullptr : found;
}

bool is_missing_builtin(std::string_view name) {
  return std::ranges::find(missing, name) != std::end(missing);
}

}  // namespace hyperdbg::script
