// SPDX-License-Identifier: MIT
#include "cli/render/registers.hpp"

#include "cli/commands/commands.hpp"
#include "cli/console.hpp"

namespace hyperdbg {
namespace {

std::string without_blanks(std::string_view text) {
  std::string kept(text);
  std::erase_if(kept, [](char c) { return c == ' ' || c == '\t'; });
  return kept;
}

Expected<RegisterName> name_at(std::string_view word) {
  if (word.starts_with('@')) word.remove_prefix(1);
  const auto name = find_register(word);
  if (!name) return fail("err, invalid register '{}'", word);
  return *name;
}

Expected<void> run(Console& console, const CommandLine& line) {
  Session& session = console.session();
  if (line.arguments() == 0) {
    console.write(render_registers(TRY_EXPECTED(session.registers())));
    return {};
  }
  const auto mark = line.rest.find('=');
  if (mark != std::string::npos) {
    const RegisterName name = TRY_EXPECTED(name_at(without_blanks(line.rest.substr(0, mark))));
    const std::string expression = without_blanks(line.rest.substr(mark + 1));
    if (expression.empty()) return incorrect_use(line);
    return session.write_register(name, TRY_EXPECTED(session.address(expression)));
  }
  if (line.arguments() != 1) return incorrect_use(line);
  const RegisterName name = TRY_EXPECTED(name_at(line.argument(0).text));
  console.print("{}={:016x}\n", name.name, name.read(TRY_EXPECTED(session.registers())));
  return {};
}

}  // namespace

const Command registers_command{
    .name = "r",
    .summary = "shows and changes registers of the operating core",
    .syntax = "r\nr REGISTER\nr REGISTER = EXPRESSION",
    .examples = "r\nr rax\nr rip = @rip+2\nr zf = 1",
    .run = run,
    .needs = Needs::halted,
    .on_empty_line = OnEmptyLine::repeats,
};

}  // namespace hyperdbg
