// SPDX-License-Identifier: MIT
#include "cli/commands/arguments.hpp"

#include "abi/status.h"
#include "cli/render/address.hpp"
#include "session/number.hpp"

namespace hyperdbg {
namespace {

constexpr std::uint64_t largest_range = 16 << 20;

Expected<void> check_pid(Session& session, const Token& word) {
  if (!parse_number(word.text)) return fail("err, pid is invalid");
  // Debugger Mode: the address space of the operating core is used, whatever pid says.
  if (session.is_debugger_mode()) return {};
  return fail("err, 'pid' is not available in this version; kernel addresses need none");
}

}  // namespace

Expected<RangeArguments> read_range(Session& session, const CommandLine& line) {
  RangeArguments arguments;
  for (std::size_t i = 0; i < line.arguments(); ++i) {
    const Token& word = line.argument(i);
    const bool keyword = word.is("l") || word.is("pid");
    if (keyword && i + 1 == line.arguments()) return fail("err, please specify a value for '{}'", word.text);
    if (word.is("l")) {
      arguments.length = TRY_EXPECTED(session.address(line.argument(++i).text));
      if (*arguments.length == 0 || *arguments.length > largest_range)
        return fail("err, you should enter a valid length");
    } else if (word.is("pid")) {
      TRY_EXPECTED(check_pid(session, line.argument(++i)));
    } else if (!arguments.address) {
      arguments.address = TRY_EXPECTED(session.address(word.text));
    } else {
      arguments.rest.push_back(word.text);
    }
  }
  return arguments;
}

hyperdbg_address_kind address_kind_of(const CommandLine& line) {
  return line.tokens[0].text.starts_with('!') ? HYPERDBG_PHYSICAL : HYPERDBG_VIRTUAL;
}

std::unexpected<Error> invalid_address(std::uint64_t address) {
  return std::unexpected(
      Error{ErrorKind::status,
            fmt::format("err, an attempt was made to access an invalid target address: {}. it may be "
                        "paged out or not yet touched (demand paging), or not be mapped at all ({:x})",
                        render_address(address), static_cast<std::uint32_t>(HYPERDBG_INVALID_ADDRESS)),
            HYPERDBG_INVALID_ADDRESS});
}

}  // namespace hyperdbg
