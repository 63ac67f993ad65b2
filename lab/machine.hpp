// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "lab/output.hpp"
#include "session/error.hpp"

namespace hyperdbg::lab {

using Milliseconds = std::chrono::milliseconds;
using Time = std::chrono::steady_clock::time_point;

// A debuggee with a debugger attached, as a scenario sees it: a prompt, a shell, and what both print.
class Machine {
 public:
  virtual ~Machine() = default;

  // One command at the debugger's prompt; several lines if braces are open.
  virtual Expected<void> type(std::string_view command) = 0;
  virtual Expected<void> interrupt() = 0;
  virtual Expected<void> run_in_guest(std::string_view command) = 0;

  // Collects output until something came or the time is over.
  virtual void wait(Milliseconds time) = 0;
  virtual Time now() const = 0;
  virtual Output& output() = 0;

  virtual unsigned prompts() const = 0;  // how often the debugger asked for a line
  virtual bool halted() const = 0;       // by what the last prompt looked like
  virtual bool shell_busy() const = 0;
  // Why nothing more can be played, if so: a panic, a dead emulator, a debugger that ended.
  virtual std::optional<std::string> broken() const = 0;
  // From now on a panic, an oops or the machine's end is what the file wants, and breaks nothing.
  virtual void expect_end() = 0;
  virtual bool gone() const = 0;  // powered off or reset
};

}  // namespace hyperdbg::lab
