// SPDX-License-Identifier: MIT
#include "cli/commands/commands.hpp"
#include "cli/console.hpp"
#include "session/number.hpp"

namespace hyperdbg {
namespace {

Expected<void> run(Console& console, const CommandLine& line) {
  Session& session = console.session();
  if (line.arguments() == 0) {
    console.print("current processor : 0x{:x}\n", session.core());
    return {};
  }
  const auto core = line.arguments() == 1 ? parse_number(line.argument(0).text) : std::nullopt;
  if (line.arguments() != 1) return incorrect_use(line);
  if (!core || *core > ~0u) return fail("please specify a correct hex value for the core");
  if (*core == session.core()) {
    console.print("the current operating core is {:x} (not changed)\n", *core);
    return {};
  }
  TRY_EXPECTED(session.switch_core(static_cast<std::uint32_t>(*core)));
  console.print("current operating core changed to 0x{:x}\n", *core);
  console.write(console.current_instruction());
  return {};
}

}  // namespace

const Command core_command{
    .name = "~",
    .aliases = "core",
    .summary = "shows or changes the operating core",
    .syntax = "~\n~ Core",
    .examples = "~\n~ 1",
    .run = run,
    .needs = Needs::halted,
};

}  // namespace hyperdbg
