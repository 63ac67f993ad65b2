// SPDX-License-Identifier: MIT
#include <vector>

#include "cli/commands/commands.hpp"
#include "cli/console.hpp"

namespace hyperdbg {
namespace {

constexpr std::string_view common_syntax =
    "[pid X|all] [core X] [imm yes|no] [sc on|off] [stage pre|post|all] [buffer X] [condition {hex} | asm condition { "
    "... }] [code {hex} | asm code { ... }] [script { ... } | script {file:PATH}] [log { ... }] [output {Name, ...}]";

constexpr std::string_view common_details =
    "pid       only while this process runs (in the VMI Mode it must exist)\n"
    "core      only on this core\n"
    "imm       no: messages are collected and shown together\n"
    "stage     pre: before the effect (default); post: after it; all: both\n"
    "sc        on: the effect is suppressed each time (stage pre only)\n"
    "condition machine code, RCX: the guest's registers, RDX: $context; RAX = 0 leaves the event out\n"
    "code      runs machine code, RCX: the buffer or 0, RDX: the guest's registers (rax at 0, rcx 8, rdx 10, rbx 18,\n"
    "          rsp 20, rbp 28, rsi 30, rdi 38, r8 40 ... r15 78), R8: $context; a RET is added\n"
    "asm       before condition or code: instructions in Intel syntax, separated by ';', with labels; <symbol+expr> "
    "is\n"
    "          replaced by its address\n"
    "script    runs this; without script, code and log the debuggee breaks (Debugger Mode)\n"
    "log       shows registers, pseudo-registers and memory: log { @rax, $pid, dq @rsp l 4 }\n"
    "buffer    so many bytes for the event's own use: $buffer, RCX of code; code that returns an address in RAX shows\n"
    "          as many bytes of memory there\n"
    "output    what the event prints goes there instead of to the screen ('help output')";

Expected<void> run(Console& console, const CommandLine& line) {
  const EventDefinition definition = TRY_EXPECTED(parse_event_command(line.tokens, console.session().event_rules()));
  TRY_EXPECTED(console.session().add_event(definition));
  if (!definition.remark.empty()) console.print("{}\n", definition.remark);
  if (console.session().paused() && console.settings().auto_unpause) console.resume_messages();
  return {};
}

// Texts that are put together have to live somewhere.
struct Row {
  std::string syntax, details;
};

struct Table {
  std::vector<Row> rows;
  std::vector<Command> commands;
};

Table make_table() {
  Table table;
  for (const EventKind& kind : event_kinds()) {
    if (!kind.built()) continue;
    const std::string own = kind.argument_name.empty() ? "" : fmt::format(" {}", kind.argument_name);
    const std::string notes = kind.notes.empty() ? "" : fmt::format("\n{}", kind.notes);
    table.rows.push_back({fmt::format("{}{} {}", kind.name, own, common_syntax),
                          fmt::format("$context   {}\n{}{}", kind.context, common_details, notes)});
  }
  std::size_t row = 0;
  for (const EventKind& kind : event_kinds()) {
    if (!kind.built()) continue;
    table.commands.push_back({.name = kind.name,
                              .aliases = kind.alias,
                              .summary = kind.summary,
                              .syntax = table.rows[row].syntax,
                              .examples = kind.examples,
                              .run = run,
                              .needs = Needs::target,
                              .details = table.rows[row].details});
    ++row;
  }
  return table;
}

}  // namespace

std::span<const Command> event_commands() {
  static const Table table = make_table();
  return table.commands;
}

}  // namespace hyperdbg
