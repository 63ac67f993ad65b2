// SPDX-License-Identifier: MIT
#include "cli/commands/commands.hpp"
#include "cli/console.hpp"
#include "session/event_kinds.hpp"

namespace hyperdbg {
namespace {

void list(Console& console) {
  console.print("commands (numbers are hexadecimal, 0n means decimal; 'help COMMAND' tells more and has examples)\n");
  for (const Command* command : all_commands()) console.print("  {:<14} {}\n", command->name, command->summary);
  console.print("planned events, not in this version:");
  for (const EventKind& kind : event_kinds())
    if (!kind.built) console.print(" {}", kind.name);
  console.print("\n");
}

Expected<void> run(Console& console, const CommandLine& line) {
  if (line.arguments() == 0) {
    list(console);
    return {};
  }
  if (line.arguments() != 1) return incorrect_use(line);
  const std::string& name = line.argument(0).text;
  if (const EventKind* kind = find_event_kind(name); kind != nullptr && !kind->built)
    return fail("err, '{}' is not available in this version", kind->name);
  const Command* command = find_command(name);
  if (command == nullptr) return unknown_command(name);
  console.write(help_of(*command));
  return {};
}

}  // namespace

const Command help_command{
    .name = "help",
    .aliases = ".help .hh !help",
    .summary = "lists the commands, or explains one",
    .syntax = "help\nhelp COMMAND",
    .examples = "help\nhelp !cpuid\n.hh events",
    .run = run,
    .while_running = WhileRunning::allowed,
};

}  // namespace hyperdbg
