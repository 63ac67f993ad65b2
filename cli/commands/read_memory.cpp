// SPDX-License-Identifier: MIT
#include <array>

#include "cli/commands/arguments.hpp"
#include "cli/commands/commands.hpp"
#include "cli/console.hpp"
#include "cli/render/memory.hpp"

namespace hyperdbg {
namespace {

constexpr std::uint64_t default_length = 0x80;

DumpFormat format_of(char letter) {
  switch (letter) {
    case 'b':
      return {1, true};
    case 'c':
      return {4, true};
    case 'd':
      return {4, false};
    default:
      return {8, false};
  }
}

Expected<void> run(Console& console, const CommandLine& line) {
  const RangeArguments range = TRY_EXPECTED(read_range(console.session(), line));
  if (!range.address || !range.rest.empty()) return incorrect_use(line);
  const auto kind = address_kind_of(line);
  const auto memory =
      TRY_EXPECTED(console.session().read_memory(*range.address, range.length.value_or(default_length), kind));
  if (!memory.any_valid()) return invalid_address(*range.address);
  console.write(render_memory(*range.address, memory, format_of(to_lower(line.tokens[0].text).back()), kind));
  return {};
}

constexpr Command row(std::string_view name, std::string_view summary, std::string_view syntax,
                      std::string_view examples) {
  return {.name = name,
          .summary = summary,
          .syntax = syntax,
          .examples = examples,
          .run = run,
          .needs = Needs::target,
          .on_empty_line = OnEmptyLine::repeats};
}

constexpr std::array commands{
    row("db", "shows memory as bytes and characters", "db Address [l Length]",
        "db nt!linux_banner\ndb fffff800`3ad6f010 l 20\ndb @rsp"),
    row("dc", "shows memory as 32-bit values and characters", "dc Address [l Length]", "dc @rsi l 40"),
    row("dd", "shows memory as 32-bit values", "dd Address [l Length]", "dd nt!jiffies l 10"),
    row("dq", "shows memory as 64-bit values", "dq Address [l Length]", "dq @rsp\ndq @rsp+8 l 100"),
    row("!db", "shows physical memory as bytes and characters", "!db Address [l Length]", "!db 1000 l 10"),
    row("!dc", "shows physical memory as 32-bit values and characters", "!dc Address [l Length]", "!dc 1000"),
    row("!dd", "shows physical memory as 32-bit values", "!dd Address [l Length]", "!dd fee00000 l 10"),
    row("!dq", "shows physical memory as 64-bit values", "!dq Address [l Length]", "!dq @cr3"),
};

}  // namespace

std::span<const Command> read_memory_commands() {
  return commands;
}

}  // namespace hyperdbg
