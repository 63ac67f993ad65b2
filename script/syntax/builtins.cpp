// SPDX-License-Identifier: MIT
#include "script/syntax/builtins.hpp"

#include <algorithm>
#include <iterator>

#include "script/syntax/aggregates.hpp"
#include "script/syntax/nearest.hpp"

namespace hyperdbg::script {
namespace {

constexpr Space physical = Space::physical_memory;

constexpr std::uint64_t unlimited = ~0ull;
constexpr std::uint64_t usual_back_off = 65536;  // longest wait between two tries for a lock

// clang-format off
constexpr Builtin builtins[] = {
    {"poi", Operation::read, 1, Result::is_unsigned, 8},
    {"dq", Operation::read, 1, Result::is_unsigned, 8},
    {"dd", Operation::read, 1, Result::is_unsigned, 4},
    {"dw", Operation::read, 1, Result::is_unsigned, 2},
    {"db", Operation::read, 1, Result::is_unsigned, 1},
    {"low", Operation::read, 1, Result::is_unsigned, 8, 0, 16},
    {"hi", Operation::read, 1, Result::is_unsigned, 8, 16, 16},
    {"poi_pa", Operation::read, 1, Result::is_unsigned, 8, 0, 64, physical},
    {"dq_pa", Operation::read, 1, Result::is_unsigned, 8, 0, 64, physical},
    {"dd_pa", Operation::read, 1, Result::is_unsigned, 4, 0, 64, physical},
    {"dw_pa", Operation::read, 1, Result::is_unsigned, 2, 0, 64, physical},
    {"db_pa", Operation::read, 1, Result::is_unsigned, 1, 0, 64, physical},
    {"low_pa", Operation::read, 1, Result::is_unsigned, 8, 0, 16, physical},
    {"hi_pa", Operation::read, 1, Result::is_unsigned, 8, 16, 16, physical},
    {"eb", Operation::write, 2, Result::is_unsigned, 1},
    {"ed", Operation::write, 2, Result::is_unsigned, 4},
    {"eq", Operation::write, 2, Result::is_unsigned, 8},
    {"eb_pa", Operation::write, 2, Result::is_unsigned, 1, 0, 64, physical},
    {"ed_pa", Operation::write, 2, Result::is_unsigned, 4, 0, 64, physical},
    {"eq_pa", Operation::write, 2, Result::is_unsigned, 8, 0, 64, physical},
    {"not", Operation::complement, 1},
    {"neg", Operation::negate, 1},
    {"event_sc", Operation::short_circuit, 1, Result::none},
    {"test_statement", Operation::test_statement, 1, Result::none},
    {.name = "memcpy", .operation = Operation::service, .parameters = 3, .result = Result::none, .service = HYPERDBG_SERVICE_COPY},
    {.name = "memcpy_pa", .operation = Operation::service, .parameters = 3, .result = Result::none, .service = HYPERDBG_SERVICE_COPY_PHYSICAL},
    {.name = "memcmp", .operation = Operation::service, .parameters = 3, .result = Result::is_signed, .service = HYPERDBG_SERVICE_COMPARE_MEMORY, .arguments = Arguments::any_strings, .text_arguments = 2},
    {.name = "strlen", .operation = Operation::service, .parameters = 1, .result = Result::is_unsigned, .service = HYPERDBG_SERVICE_STRING_LENGTH, .arguments = Arguments::strings, .text_arguments = 1},
    {.name = "wcslen", .operation = Operation::service, .parameters = 1, .result = Result::is_unsigned, .service = HYPERDBG_SERVICE_WIDE_LENGTH, .arguments = Arguments::wide_strings, .text_arguments = 1},
    {.name = "strcmp", .operation = Operation::service, .parameters = 2, .result = Result::is_signed, .service = HYPERDBG_SERVICE_COMPARE_STRINGS, .arguments = Arguments::strings, .text_arguments = 2, .filler = unlimited},
    {.name = "strncmp", .operation = Operation::service, .parameters = 3, .result = Result::is_signed, .service = HYPERDBG_SERVICE_COMPARE_STRINGS, .arguments = Arguments::strings, .text_arguments = 2},
    {.name = "wcscmp", .operation = Operation::service, .parameters = 2, .result = Result::is_signed, .service = HYPERDBG_SERVICE_COMPARE_WIDE, .arguments = Arguments::wide_strings, .text_arguments = 2, .filler = unlimited},
    {.name = "wcsncmp", .operation = Operation::service, .parameters = 3, .result = Result::is_signed, .service = HYPERDBG_SERVICE_COMPARE_WIDE, .arguments = Arguments::wide_strings, .text_arguments = 2},
    {.name = "check_address", .operation = Operation::service, .parameters = 1, .result = Result::is_unsigned, .service = HYPERDBG_SERVICE_CHECK_ADDRESS},
    {.name = "virtual_to_physical", .operation = Operation::service, .parameters = 1, .result = Result::is_unsigned, .service = HYPERDBG_SERVICE_VIRTUAL_TO_PHYSICAL},
    {.name = "physical_to_virtual", .operation = Operation::service, .parameters = 1, .result = Result::is_unsigned, .service = HYPERDBG_SERVICE_PHYSICAL_TO_VIRTUAL},
    {.name = "disassemble_len", .operation = Operation::service, .parameters = 1, .result = Result::is_unsigned, .service = HYPERDBG_SERVICE_DISASSEMBLE_LENGTH, .filler = 64},
    {.name = "disassemble_len64", .operation = Operation::service, .parameters = 1, .result = Result::is_unsigned, .service = HYPERDBG_SERVICE_DISASSEMBLE_LENGTH, .filler = 64},
    {.name = "disassemble_len32", .operation = Operation::service, .parameters = 1, .result = Result::is_unsigned, .service = HYPERDBG_SERVICE_DISASSEMBLE_LENGTH, .filler = 32},
    {.name = "interlocked_increment", .operation = Operation::service, .parameters = 1, .result = Result::is_unsigned, .service = HYPERDBG_SERVICE_ADD, .arguments = Arguments::variable, .filler = 1},
    {.name = "interlocked_decrement", .operation = Operation::service, .parameters = 1, .result = Result::is_unsigned, .service = HYPERDBG_SERVICE_SUBTRACT, .arguments = Arguments::variable, .filler = 1},
    {.name = "interlocked_exchange", .operation = Operation::service, .parameters = 2, .result = Result::is_unsigned, .service = HYPERDBG_SERVICE_EXCHANGE, .arguments = Arguments::variable},
    {.name = "interlocked_exchange_add", .operation = Operation::service, .parameters = 2, .result = Result::is_unsigned, .service = HYPERDBG_SERVICE_EXCHANGE_ADD, .arguments = Arguments::variable},
    {.name = "interlocked_compare_exchange", .operation = Operation::service, .parameters = 3, .result = Result::is_unsigned, .service = HYPERDBG_SERVICE_COMPARE_EXCHANGE, .arguments = Arguments::variable},
    {.name = "spinlock_lock", .operation = Operation::service, .parameters = 1, .result = Result::none, .service = HYPERDBG_SERVICE_LOCK, .arguments = Arguments::variable, .filler = usual_back_off},
    {.name = "spinlock_lock_custom_wait", .operation = Operation::service, .parameters = 2, .result = Result::none, .service = HYPERDBG_SERVICE_LOCK, .arguments = Arguments::variable},
    {.name = "spinlock_unlock", .operation = Operation::service, .parameters = 1, .result = Result::none, .service = HYPERDBG_SERVICE_UNLOCK, .arguments = Arguments::variable},
    {.name = "rdtsc", .operation = Operation::service, .parameters = 0, .result = Result::is_unsigned, .service = HYPERDBG_SERVICE_TIME_STAMP},
    {.name = "rdtscp", .operation = Operation::service, .parameters = 0, .result = Result::is_unsigned, .service = HYPERDBG_SERVICE_TIME_STAMP_AND_CORE},
    {.name = "microsleep", .operation = Operation::service, .parameters = 1, .result = Result::none, .service = HYPERDBG_SERVICE_SLEEP},
    {.name = "event_enable", .operation = Operation::service, .parameters = 1, .result = Result::none, .service = HYPERDBG_SERVICE_EVENT_ENABLE},
    {.name = "enable_event", .operation = Operation::service, .parameters = 1, .result = Result::none, .service = HYPERDBG_SERVICE_EVENT_ENABLE},
    {.name = "event_disable", .operation = Operation::service, .parameters = 1, .result = Result::none, .service = HYPERDBG_SERVICE_EVENT_DISABLE},
    {.name = "disable_event", .operation = Operation::service, .parameters = 1, .result = Result::none, .service = HYPERDBG_SERVICE_EVENT_DISABLE},
    {.name = "event_clear", .operation = Operation::service, .parameters = 1, .result = Result::none, .service = HYPERDBG_SERVICE_EVENT_CLEAR},
    {.name = "event_inject", .operation = Operation::service, .parameters = 2, .result = Result::none, .service = HYPERDBG_SERVICE_INJECT},
    {.name = "event_inject_error_code", .operation = Operation::service, .parameters = 3, .result = Result::none, .service = HYPERDBG_SERVICE_INJECT_WITH_ERROR},
    {.name = "pause", .operation = Operation::service, .parameters = 0, .result = Result::none, .service = HYPERDBG_SERVICE_PAUSE},
    {.name = "flush", .operation = Operation::service, .parameters = 0, .result = Result::none, .service = HYPERDBG_SERVICE_FLUSH},
    {.name = "event_trace_step", .operation = Operation::service, .parameters = 0, .result = Result::none, .service = HYPERDBG_SERVICE_TRACE},
    {.name = "event_trace_step_in", .operation = Operation::service, .parameters = 0, .result = Result::none, .service = HYPERDBG_SERVICE_TRACE, .filler = 1},
    {.name = "event_trace_instrumentation_step", .operation = Operation::service, .parameters = 0, .result = Result::none, .service = HYPERDBG_SERVICE_TRACE, .filler = 2},
    {.name = "event_trace_instrumentation_step_in", .operation = Operation::service, .parameters = 0, .result = Result::none, .service = HYPERDBG_SERVICE_TRACE, .filler = 3},
    {.name = "event_trace_step_out", .operation = Operation::service, .parameters = 0, .result = Result::none, .service = HYPERDBG_SERVICE_TRACE, .filler = 4},
    {.name = "lbr_save", .operation = Operation::service, .parameters = 0, .result = Result::is_unsigned, .service = HYPERDBG_SERVICE_LBR_SAVE},
    {.name = "lbr_print", .operation = Operation::service, .parameters = 0, .result = Result::is_unsigned, .service = HYPERDBG_SERVICE_LBR_PRINT},
    {.name = "lbr_dump", .operation = Operation::service, .parameters = 0, .result = Result::is_unsigned, .service = HYPERDBG_SERVICE_LBR_PRINT},
    {.name = "lbr_restore", .operation = Operation::service, .parameters = 0, .result = Result::is_unsigned, .service = HYPERDBG_SERVICE_LBR_RESTORE},
    {.name = "lbr_restore_by_filter", .operation = Operation::service, .parameters = 1, .result = Result::is_unsigned, .service = HYPERDBG_SERVICE_LBR_RESTORE},
    {.name = "lbr_check", .operation = Operation::service, .parameters = 0, .result = Result::is_unsigned, .service = HYPERDBG_SERVICE_LBR_CHECK},
};
// clang-format on

}  // namespace

const Builtin* find_builtin(std::string_view name) {
  const auto found = std::ranges::find(builtins, name, &Builtin::name);
  return found == std::end(builtins) ? nullptr : found;
}

std::span<const Builtin> all_builtins() {
  return builtins;
}

std::string nearest_function(std::string_view name) {
  if (find_key_word(name) != 0)
    return "`" + std::string(name) + "` is a key of an aggregation, or what aggregate_set sets: " +
           "aggregate_set(\"last\", kstack(), str($pname));";
  Nearest nearest(name);
  for (const Builtin& function : builtins) nearest.consider(function.name);
  for (const AggregateFunction& function : all_aggregates()) nearest.consider(function.name);
  for (const char* statement : {"printf", "print", "formats", "sizeof", "reference"}) nearest.consider(statement);
  return nearest.hint();
}

}  // namespace hyperdbg::script
