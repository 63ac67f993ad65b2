// SPDX-License-Identifier: MIT
#include "cli/commands/commands.hpp"
#include "cli/console.hpp"

namespace hyperdbg {
namespace {

Expected<void> flush(Console& console, const CommandLine& line) {
  if (line.arguments() != 0) return incorrect_use(line);
  console.flush();
  return {};
}

}  // namespace

const Command flush_command{
    .name = "flush",
    .summary = "throws away the messages of scripts that were not shown yet",
    .syntax = "flush",
    .examples = "flush",
    .run = flush,
    .needs = Needs::target,
    .while_running = WhileRunning::allowed,
};

}  // namespace hyperdbg
