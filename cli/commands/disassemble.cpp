// SPDX-License-Identifier: MIT
#include "cli/render/disassembly.hpp"

#include <algorithm>

#include "abi/status.h"
#include "cli/commands/arguments.hpp"
#include "cli/commands/commands.hpp"
#include "cli/console.hpp"
#include "session/status_text.hpp"

namespace hyperdbg {
namespace {

constexpr std::uint64_t default_length = 0x40;
constexpr std::size_t longest_instruction = 15;

Expected<std::uint64_t> start_of(Console& console, const RangeArguments& range) {
  if (range.address) return *range.address;
  if (console.session().state() != SessionState::halted) return std::unexpected(status_error(HYPERDBG_NOT_HALTED));
  return console.session().halted().rip;
}

DisassemblyOptions options_for(Console& console, const CommandLine& line, std::uint64_t address) {
  DisassemblyOptions options;
  options.syntax = console.settings().syntax;
  options.name_of = console.name_of();
  if (to_lower(line.tokens[0].text).ends_with('2')) options.bits = 32;
  Session& session = console.session();
  if (session.state() == SessionState::halted && address == session.halted().rip) {
    options.rflags = session.halted().rflags;
    if (const auto registers = session.registers()) options.rcx = (*registers)[HYPERDBG_RCX];
  }
  return options;
}

Expected<void> run(Console& console, const CommandLine& line) {
  const RangeArguments range = TRY_EXPECTED(read_range(console.session(), line));
  if (!range.rest.empty()) return incorrect_use(line);
  const std::uint64_t address = TRY_EXPECTED(start_of(console, range));
  const std::size_t length = range.length.value_or(default_length);
  const auto memory =
      TRY_EXPECTED(console.session().read_memory(address, length + longest_instruction, address_kind_of(line)));
  const auto readable = static_cast<std::size_t>(std::ranges::find(memory.valid, false) - memory.valid.begin());
  if (readable == 0) return invalid_address(address);
  console.write(render_instructions(address, ByteView(memory.bytes).first(readable), std::min(length, readable),
                                    options_for(console, line, address)));
  return {};
}

}  // namespace

const Command disassemble_command{
    .name = "u",
    .aliases = "u64 u2 u32 !u !u64 !u2 !u32",
    .summary = "disassembles memory",
    .syntax =
        "u [Address] [l Length]     # without an address: at the current instruction\nu2 [Address] [l Length]    # "
        "32-bit "
        "code\n!u Address [l Length]      # physical memory",
    .examples = "u\nu nt!do_sys_openat2\nu nt!do_sys_openat2+20 l 10\nu @rip",
    .run = run,
    .needs = Needs::target,
    .on_empty_line = OnEmptyLine::repeats,
};

}  // namespace hyperdbg
