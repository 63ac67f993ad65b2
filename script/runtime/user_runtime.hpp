// SPDX-License-Identifier: MIT
#pragma once
#include <array>
#include <csetjmp>
#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "abi/script.h"
#include "script/compiler.hpp"

namespace hyperdbg::script {

/*
 * Runs compiled scripts in the debugger's own process: for `?` where there is no debuggee, and for tests. Registers are
 * simulated, memory is the process's own and checked, physical memory is not there. Globals live as long as the object.
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
    int short_circuit = -1;  // what event_sc asked for last; -1 = it was not called
  };

  // The error is a sentence: no memory for the code, or damaged metadata.
  std::expected<Outcome, std::string> run(const CompiledScript& script);

  // What the next run sees; its changes stay.
  std::array<std::uint64_t, HYPERDBG_REGISTER_COUNT> registers{};  // by enum hyperdbg_register
  hyperdbg_script_context fields{};  // of these only context, event_id, event_tag, event_stage, core, buffer, fuel
  std::uint64_t process_object = 0;  // $proc
  std::uint64_t thread_object = 0;   // $thread

  // For CompileOptions: a slot for each new name.
  std::expected<std::uint32_t, std::string> global_slot(std::string_view name);
  std::uint64_t global(std::string_view name) const;

 private:
  struct Functions;
  struct Run;

  std::vector<std::uint64_t> globals_;
  std::map<std::string, std::uint32_t, std::less<>> slots_;
  std::string process_name_;
};

}  // namespace hyperdbg::script
