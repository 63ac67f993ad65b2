// SPDX-License-Identifier: MIT
#include <array>

#include "cli/commands/arguments.hpp"
#include "cli/commands/commands.hpp"
#include "cli/console.hpp"

namespace hyperdbg {
namespace {

std::size_t unit_of(char letter) {
  return letter == 'b' ? 1 : letter == 'd' ? 4 : 8;
}

Expected<void> run(Console& console, const CommandLine& line) {
  const RangeArguments range = TRY_EXPECTED(read_range(console.session(), line));
  if (!range.address || range.rest.empty() || range.length) return incorrect_use(line);
  const std::size_t unit = unit_of(to_lower(line.tokens[0].text).back());
  Bytes bytes;
  for (const std::string& word : range.rest) {
    const std::uint64_t value = TRY_EXPECTED(console.session().address(word));
    if (unit < 8 && (value >> (8 * unit)) != 0)
      return fail("please specify a correct hex value for the {} bytes of '{}'", unit, word);
    append(bytes, object_bytes(value).first(unit));
  }
  return console.session().write_memory(*range.address, bytes, address_kind_of(line));
}

constexpr Command row(std::string_view name, std::string_view summary, std::string_view syntax,
                      std::string_view examples) {
  return {.name = name, .summary = summary, .syntax = syntax, .examples = examples, .run = run, .needs = Needs::target};
}

constexpr std::array commands{
    row("eb", "writes bytes to memory", "eb Address Value [Value...]", "eb fffff800`3ad6f010 90 90 90"),
    row("ed", "writes 32-bit values to memory", "ed Address Value [Value...]", "ed @rsp+10 12345678"),
    row("eq", "writes 64-bit values to memory", "eq Address Value [Value...]", "eq @rsp 0 1"),
    row("!eb", "writes bytes to physical memory", "!eb Address Value [Value...]", "!eb 1000 90"),
    row("!ed", "writes 32-bit values to physical memory", "!ed Address Value [Value...]", "!ed 1000 12345678"),
    row("!eq", "writes 64-bit values to physical memory", "!eq Address Value [Value...]", "!eq 1000 ffffffffffffffff"),
};

}  // namespace

std::span<const Command> edit_memory_commands() {
  return commands;
}

}  // namespace hyperdbg
