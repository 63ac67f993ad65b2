// SPDX-License-Identifier: MIT
#include <thread>

#include "cli/commands/commands.hpp"
#include "cli/console.hpp"
#include "session/number.hpp"

namespace hyperdbg {
namespace {

Expected<void> go(Console& console, const CommandLine& line) {
  if (line.arguments() != 0) return incorrect_use(line);
  if (console.session().state() == SessionState::vmi) {
    console.resume_messages();
    return {};
  }
  // Said first: what the debuggee does next may be told before the request returns.
  if (console.session().state() == SessionState::halted) console.print("debuggee is running...\n");
  return console.session().go();
}

Expected<void> pause(Console& console, const CommandLine& line) {
  if (line.arguments() != 0) return incorrect_use(line);
  if (console.session().state() != SessionState::vmi) {
    if (console.session().state() == SessionState::running) console.print("pausing...\n");
    return console.session().halt();
  }
  console.pause_messages();
  return {};
}

Expected<void> sleep(Console& console, const CommandLine& line) {
  const auto milliseconds = line.arguments() == 1 ? parse_number(line.argument(0).text) : std::nullopt;
  if (!milliseconds)
    return line.arguments() == 1 ? Expected<void>(fail("please specify a correct hex value for sleep"))
                                 : incorrect_use(line);
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(*milliseconds);
  while (std::chrono::steady_clock::now() < end && !console.cancelled()) {
    console.idle();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return {};
}

}  // namespace

const Command go_command{
    .name = "g",
    .aliases = "go",
    .summary = "lets the debuggee run; in the VMI Mode shows messages again after 'pause'",
    .syntax = "g",
    .examples = "g",
    .run = go,
    .needs = Needs::target,
    .on_empty_line = OnEmptyLine::repeats,
};

const Command pause_command{
    .name = "pause",
    .aliases = ".pause",
    .summary = "halts the debuggee (as CTRL+C does); in the VMI Mode stops showing messages",
    .syntax = "pause",
    .examples = "pause",
    .run = pause,
    .needs = Needs::target,
    .while_running = WhileRunning::allowed,
};

const Command sleep_command{
    .name = "sleep",
    .summary = "waits; for command files",
    .syntax = "sleep MILLISECONDS",
    .examples = "sleep 3e8     # one second\nsleep 0n500   # half a second",
    .run = sleep,
    .while_running = WhileRunning::allowed,
};

}  // namespace hyperdbg
