// SPDX-License-Identifier: MIT
#include "cli/commands/commands.hpp"
#include "cli/console.hpp"
#include "session/number.hpp"

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

Expected<void> set_fuel(Console& console, const Token& value) {
  const auto operations = parse_number(value.text);
  if (!operations || *operations == 0 || *operations >> 63 != 0)
    return fail("err, fuel is a number from 1 to 7fffffffffffffff, hexadecimal, not '{}'", value.text);
  console.session().set_fuel(*operations);
  console.print("set fuel to {:x}, for scripts and events made from now on\n", *operations);
  return {};
}

void show_syntax(Console& console) {
  console.print("disassembler syntax is : {}\n", name_of(console.settings().syntax));
}

void show_conversion(Console& console) {
  console.print("address conversion is {}\n", state_word(console.settings().address_conversion));
}

void show_fuel(Console& console) {
  console.print("fuel of a script is {0:x} (0n{0})\n", console.session().fuel());
}

Expected<void> run(Console& console, const CommandLine& line) {
  if (line.arguments() > 2) return incorrect_use(line);
  if (line.arguments() == 0) {
    for (const auto show : {show_syntax, show_conversion, show_fuel}) show(console);
    return {};
  }
  const Token& option = line.argument(0);
  const bool sets = line.arguments() == 2;
  if (option.is("syntax")) {
    if (sets) return set_syntax(console, line.argument(1));
    show_syntax(console);
  } else if (option.is("addressconversion")) {
    if (sets) return set_conversion(console, line.argument(1));
    show_conversion(console);
  } else if (option.is("fuel")) {
    if (sets) return set_fuel(console, line.argument(1));
    show_fuel(console);
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
    .syntax = "settings\nsettings syntax [intel|att|masm]\nsettings addressconversion [on|off]\nsettings fuel [N]",
    .examples =
        "settings\nsettings syntax att\nsettings addressconversion off\nsettings fuel 1000    # a script may take 4096 "
        "steps",
    .run = run,
    .while_running = WhileRunning::allowed,
    .details =
        "fuel is what a run of a script may spend: each step of a loop and each recursive call costs one. An event "
        "keeps\n"
        "the fuel that was set when it was made; `?` takes what is set now.",
};

}  // namespace hyperdbg
