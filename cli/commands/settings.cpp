// SPDX-License-Identifier: MIT
#include "cli/commands/commands.hpp"
#include "cli/console.hpp"

namespace hyperdbg {
namespace {

std::string_view name_of(Syntax syntax) {
  return syntax == Syntax::intel ? "intel" : syntax == Syntax::att ? "at&t" : "masm";
}

std::string_view state_word(bool on) {
  return on ? "enabled" : "disabled";
}

Expected<void> set_syntax(Console& console, const Token& value) {
  if (value.is("intel")) {
    console.settings().syntax = Syntax::intel;
  } else if (value.is("att") || value.is("at&t")) {
    console.settings().syntax = Syntax::att;
  } else if (value.is("masm")) {
    console.settings().syntax = Syntax::masm;
  } else {
    return fail("err, couldn't resolve error at '{}'", value.text);
  }
  console.print("set syntax to {}\n", name_of(console.settings().syntax));
  return {};
}

Expected<void> set_conversion(Console& console, const Token& value) {
  if (!value.is("on") && !value.is("off")) return fail("err, couldn't resolve error at '{}'", value.text);
  console.settings().address_conversion = value.is("on");
  console.print("set address conversion to {}\n", state_word(value.is("on")));
  return {};
}

Expected<void> run(Console& console, const CommandLine& line) {
  if (line.arguments() != 1 && line.arguments() != 2) return incorrect_use(line);
  const Token& option = line.argument(0);
  const bool sets = line.arguments() == 2;
  if (option.is("syntax")) {
    if (sets) return set_syntax(console, line.argument(1));
    console.print("disassembler syntax is : {}\n", name_of(console.settings().syntax));
  } else if (option.is("addressconversion")) {
    if (sets) return set_conversion(console, line.argument(1));
    console.print("address conversion is {}\n", state_word(console.settings().address_conversion));
  } else {
    return fail("err, couldn't resolve error at '{}'", option.text);
  }
  return {};
}

}  // namespace

const Command settings_command{
    .name = "settings",
    .aliases = "setting .setting .settings",
    .summary = "shows and changes options of this program",
    .syntax = "settings syntax [intel|att|masm]\nsettings addressconversion [on|off]",
    .examples = "settings syntax\nsettings syntax att\nsettings addressconversion off",
    .run = run,
    .while_running = WhileRunning::allowed,
};

}  // namespace hyperdbg
