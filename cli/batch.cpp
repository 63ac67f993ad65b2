// SPDX-License-Identifier: MIT
#include "cli/batch.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "cli/console.hpp"

namespace hyperdbg {
namespace {

constexpr std::chrono::hours patience{24};

bool waits_for_halt(Console& console, const std::string& line) {
  const Command* command = find_command(read_command_line(line).tokens[0].text);
  return console.session().state() == SessionState::running && command != nullptr &&
         command->while_running == WhileRunning::refused;
}

}  // namespace

std::string replace_arguments(std::string text, const std::vector<std::string>& arguments) {
  for (std::size_t number = arguments.size(); number-- > 0;) {  // $arg10 before $arg1
    const std::string name = fmt::format("$arg{}", number);
    for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + arguments[number].size()))
      text.replace(at, name.size(), arguments[number]);
  }
  return text;
}

std::vector<std::string> split_commands(const std::string& text) {
  std::vector<std::string> commands;
  std::istringstream lines(text);
  std::string command;
  for (std::string line; std::getline(lines, line);) {
    command += command.empty() ? line : "\n" + line;
    if (open_braces(command) > 0) continue;
    const auto first = command.find_first_not_of(" \t\r");
    if (first != std::string::npos && command[first] != '#' && !split_tokens(command).empty())
      commands.push_back(command);
    command.clear();
  }
  if (!command.empty()) commands.push_back(command);
  return commands;
}

// Code as hexadecimal text may be megabytes.
static std::string shown(const std::string& command) {
  constexpr std::size_t most = 4096, kept = 200;
  if (command.size() <= most) return command;
  return fmt::format("{}... ({} characters)", std::string_view(command).substr(0, kept), command.size());
}

Expected<void> run_batch(Console& console, const std::vector<std::string>& arguments, OnBatchError on_error) {
  std::ifstream file(arguments[0]);
  if (!file || std::filesystem::is_directory(arguments[0]))
    return fail("err, cannot read the command file '{}'", arguments[0]);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  int failed = 0;
  for (const std::string& command : split_commands(replace_arguments(text, arguments))) {
    if (waits_for_halt(console, command)) TRY_EXPECTED(console.session().wait_for_halt(patience));
    console.write(console.prompt() + shown(command) + "\n");
    const auto outcome = console.execute(command);
    if (outcome == Console::Outcome::quit) break;
    if (console.cancelled()) return fail_with(ErrorKind::cancelled, "cancelled");
    if (outcome == Console::Outcome::failed && on_error == OnBatchError::stop)
      return fail("err, '{}' failed, the rest of '{}' is not run", shown(command), arguments[0]);
    failed += outcome == Console::Outcome::failed ? 1 : 0;
  }
  if (failed != 0) return fail("err, {} of the commands in '{}' failed", failed, arguments[0]);
  return {};
}

}  // namespace hyperdbg
