// SPDX-License-Identifier: MIT
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "session/error.hpp"
#include "session/tokens.hpp"

namespace hyperdbg {

class Console;

// What was typed: its words, and the text behind the command's name as it stands (for scripts).
struct CommandLine {
  Tokens tokens;     // tokens[0] is the command as typed
  std::string rest;  // without blanks at either end

  std::size_t arguments() const { return tokens.size() - 1; }
  const Token& argument(std::size_t index) const { return tokens[index + 1]; }
};

enum class Needs {
  nothing,
  target,  // a session: the VMI Mode, or a halted debuggee
  halted,  // a halted debuggee
};

enum class WhileRunning { refused, allowed };
enum class OnEmptyLine { nothing, repeats };

// A command's registration: how it is called, explained and run.
struct Command {
  std::string_view name;
  std::string_view aliases = {};  // separated by blanks
  std::string_view summary;
  std::string_view syntax;    // one form per line
  std::string_view examples;  // one per line; "# ..." behind blanks explains
  Expected<void> (*run)(Console&, const CommandLine&);
  Needs needs = Needs::nothing;
  WhileRunning while_running = WhileRunning::refused;
  OnEmptyLine on_empty_line = OnEmptyLine::nothing;
  std::string_view details = {};  // further lines of help
};

// Every command, in the order of `help`.
std::span<const Command* const> all_commands();
// By name or alias, in any case; nullptr if unknown.
const Command* find_command(std::string_view name);
std::string help_of(const Command& command);

// "couldn't resolve command", and the one that was perhaps meant.
std::unexpected<Error> unknown_command(std::string_view name);
// "incorrect use of the 'x'"; the console prints the command's help behind it.
std::unexpected<Error> incorrect_use(const CommandLine& line);

}  // namespace hyperdbg
