// SPDX-License-Identifier: MIT
#include "cli/command.hpp"

#include <algorithm>
#include <vector>

#include "cli/commands/commands.hpp"
#include "script/syntax/nearest.hpp"
#include "session/event_kinds.hpp"

namespace hyperdbg {
namespace {

bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const auto end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == word) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

std::string indented(std::string_view lines) {
  std::string text = "    ";
  for (const char c : lines) {
    text += c;
    if (c == '\n') text += "    ";
  }
  return text + '\n';
}

std::vector<const Command*> collect() {
  std::vector<const Command*> commands{
      &help_command, &connect_command, &disconnect_command, &load_command,         &unload_command, &debug_command,
      &go_command,   &pause_command,   &status_command,     &local_status_command, &exit_command,
  };
  for (const Command& command : event_commands()) commands.push_back(&command);
  commands.insert(commands.end(), {&events_command, &exits_command, &output_command, &flush_command, &evaluate_command,
                                   &print_command, &formats_command, &registers_command, &core_command});
  for (const Command& command : read_memory_commands()) commands.push_back(&command);
  for (const Command& command : edit_memory_commands()) commands.push_back(&command);
  commands.insert(commands.end(),
                  {&disassemble_command, &search_symbol_command, &kernel_log_command, &script_command, &sleep_command,
                   &settings_command, &clear_screen_command, &reset_command, &test_command});
  return commands;
}

}  // namespace

std::span<const Command* const> all_commands() {
  static const std::vector<const Command*> commands = collect();
  return commands;
}

const Command* find_command(std::string_view name) {
  const std::string lower = to_lower(name);
  for (const Command* command : all_commands())
    if (command->name == lower || has_word(command->aliases, lower)) return command;
  // Known but not built: the event command itself says so.
  return find_event_kind(lower) == nullptr ? nullptr : &event_commands()[0];
}

std::string help_of(const Command& command) {
  std::string text = fmt::format("{} : {}\n", command.name, command.summary);
  if (!command.aliases.empty()) text += fmt::format("also: {}\n", command.aliases);
  text += "\nsyntax :\n" + indented(command.syntax);
  if (!command.details.empty()) text += "\n" + std::string(command.details) + "\n";
  text += "\nexamples :\n" + indented(command.examples);
  return text;
}

std::unexpected<Error> unknown_command(std::string_view name) {
  const std::string lower = to_lower(name);
  std::vector<std::string_view> known;
  for (const Command* command : all_commands()) known.push_back(command->name);
  const std::string_view near = script::nearest(lower, known);
  const std::string meant = near.empty() ? "" : fmt::format("is '{}' meant? ", near);
  return fail("err, couldn't resolve command at '{}'\n{}'help' lists the commands", name, meant);
}

std::unexpected<Error> incorrect_use(const CommandLine& line) {
  return fail_with(ErrorKind::usage, "incorrect use of the '{}'", line.tokens[0].text);
}

}  // namespace hyperdbg
