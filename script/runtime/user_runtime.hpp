// SPDX-License-Identifier: MIT
#pragma once
#include <array>
#include <csetjmp>
#include <cstdint>
#include <expected>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "abi/script.h"
#include "script/compiler.hpp"
#include "script/runtime/aggregates.hpp"
#include "script/runtime/aggregation.hpp"

namespace hyperdbg::script {

/*
 * Runs compiled scripts in the debugger's own process: for `?` where there is no debuggee, and for tests. Registers are
 * simulated; of the process's memory a script reaches a scratch area and what was lent to it, so that no script harms
 * the debugger; physical memory is not there. Globals live as long as the object.
 */
class UserRuntime {
 public:
  UserRuntime();

  struct Outcome {
    std::string messages;                // everything printed, formatted
    std::vector<std::uint64_t> results;  // of test_statement
    hyperdbg_script_error error = HYPERDBG_SCRIPT_OK;
    std::uint64_t position = 0;
    std::uint64_t detail = 0;
    std::int64_t fuel_used = 0;
    std::vector<std::string> requests;  // what was asked of events, as "event_enable 5"
    int short_circuit = -1;             // what event_sc asked for last; -1 = it was not called
  };

  // The error is a sentence: no memory for the code, or damaged metadata.
  std::expected<Outcome, std::string> run(const CompiledScript& script);

  // The middle of the memory that belongs to the script: 32 KiB to either side, all zero at first.
  std::uint64_t scratch_address() const;
  // Memory that scripts may read and write too; it has to outlive the object.
  void lend(void* memory, std::size_t size);
  // Sets a register, a part of one, or a pseudo-register, named with or without its sigil; false if there is none.
  bool set(std::string_view name, std::uint64_t value);

  // What the next run sees; its changes stay.
  std::array<std::uint64_t, HYPERDBG_REGISTER_COUNT> registers{};  // by enum hyperdbg_register
  hyperdbg_script_context fields{};  // of these only context, event_id, event_tag, event_stage, core, buffer, fuel
  std::uint64_t process_object = 0;  // $proc
  std::uint64_t thread_object = 0;   // $thread
  std::uint64_t process = 0;         // $pid
  std::uint64_t thread = 0;          // $tid

  // For CompileOptions: a slot for each new name.
  std::expected<std::uint32_t, std::string> global_slot(std::string_view name);
  std::uint64_t global(std::string_view name) const;
  // The same for aggregations; a name stands for one of them.
  std::expected<std::uint32_t, std::string> aggregation_number(const hyperdbg_aggregation& aggregation);
  // What scripts have aggregated so far.
  Aggregates aggregates() const;

 private:
  struct Functions;
  struct Run;

  std::uint8_t* bytes_at(std::uint64_t address, std::size_t size);
  std::size_t readable_at(std::uint64_t address, std::size_t size) const;

  std::vector<std::uint64_t> globals_;
  std::vector<std::uint64_t> scratch_;
  std::vector<std::span<std::uint8_t>> memory_;
  std::map<std::string, std::uint32_t, std::less<>> slots_;
  std::array<char, 16> process_name_{};
  std::vector<hyperdbg_aggregation> aggregations_;
  AggregateTable table_;
  std::vector<std::array<std::uint8_t, 4096>> table_pages_;
};

}  // namespace hyperdbg::script
