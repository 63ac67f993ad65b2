// SPDX-License-Identifier: MIT
#include "cli/commands/commands.hpp"
#include "cli/console.hpp"

namespace hyperdbg {
namespace {

std::string without_braces(const std::string& text) {
  const bool braced =
      text.starts_with('{') && text.ends_with('}') && open_braces(text) == 0 && split_tokens(text).size() == 1;
  return braced ? text.substr(1, text.size() - 2) : text;
}

Expected<void> evaluate(Console& console, const std::string& script) {
  if (console.session().is_debugger_mode()) return console.session().evaluate(script);
  console.print(
      "warning, in the VMI Mode there is no halted debuggee: the script runs in a test environment of this program, "
      "with "
      "registers, memory and variables of its own. use an event's script to look at the machine\n");
  console.print("test expression : {} \n", script);
  return console.session().evaluate_here(script);
}

Expected<void> run(Console& console, const CommandLine& line) {
  if (line.rest.empty()) return incorrect_use(line);
  return evaluate(console, without_braces(line.rest));
}

Expected<void> run_print(Console& console, const CommandLine& line) {
  if (line.rest.empty()) return incorrect_use(line);
  return evaluate(console, "print(" + line.rest + ");");
}

Expected<void> run_formats(Console& console, const CommandLine& line) {
  if (line.rest.empty()) return incorrect_use(line);
  return evaluate(console, "formats(" + line.rest + ");");
}

}  // namespace

const Command evaluate_command{
    .name = "?",
    .aliases = "eval evaluate",
    .summary = "runs script statements on the operating core",
    .syntax = "? statements\n? { statements over several lines }",
    .examples =
        "? print($event_stage);\n? printf(\"rax %llx\\n\", @rax);\n? @rax = 55;\n? { if (@rax == 0) { print(@rip); } }",
    .run = run,
    .on_empty_line = OnEmptyLine::repeats,
};

const Command print_command{
    .name = "print",
    .summary = "shows the value of an expression",
    .syntax = "print expression",
    .examples = "print @rax\nprint poi(@rsp)+8",
    .run = run_print,
    .on_empty_line = OnEmptyLine::repeats,
};

const Command formats_command{
    .name = ".formats",
    .aliases = ".format",
    .summary = "shows the value of an expression in several forms",
    .syntax = ".formats expression",
    .examples = ".formats 10\n.formats @rax+5",
    .run = run_formats,
    .on_empty_line = OnEmptyLine::repeats,
};

}  // namespace hyperdbg
