// SPDX-License-Identifier: MIT
#include "cli/settings.hpp"

#include <algorithm>

#include "cli/commands/commands.hpp"
#include "cli/console.hpp"

namespace hyperdbg {
namespace {

void show(Console& console, const Setting& setting) {
  console.print("{}{}{}\n", setting.subject, setting.is, setting.get(console.settings()));
}

Expected<void> change(Console& console, const Setting& setting, const Token& value) {
  if (!setting.set(console.settings(), to_lower(value.text)))
    return fail("err, couldn't resolve error at '{}'; '{}' takes {}", value.text, setting.name, setting.values);
  // "disassembler syntax is", but "set syntax to".
  const std::string_view subject = setting.name == "syntax" ? setting.name : setting.subject;
  console.print("set {} to {}\n", subject, setting.get(console.settings()));
  return console.settings_file.empty() ? Expected<void>() : save_settings(console.settings(), console.settings_file);
}

Expected<void> run(Console& console, const CommandLine& line) {
  if (line.arguments() == 0) {
    for (const Setting& setting : all_settings()) show(console, setting);
    return {};
  }
  if (line.arguments() > 2) return incorrect_use(line);
  const Token& option = line.argument(0);
  const auto setting = std::ranges::find_if(all_settings(), [&](const Setting& row) { return option.is(row.name); });
  if (setting == all_settings().end())
    return fail("err, couldn't resolve error at '{}'; 'settings' alone shows all options", option.text);
  if (line.arguments() == 2) return change(console, *setting, line.argument(1));
  show(console, *setting);
  return {};
}

}  // namespace

const Command settings_command{
    .name = "settings",
    .aliases = "setting .setting .settings",
    .summary = "shows and changes options of this program",
    .syntax =
        "settings                              # all of them\nsettings autoflush [on|off]\nsettings autounpause "
        "[on|off]\nsettings syntax [intel|att|masm]\nsettings addressconversion [on|off]",
    .examples = "settings\nsettings syntax\nsettings syntax att\nsettings autounpause off",
    .run = run,
    .while_running = WhileRunning::allowed,
    .details =
        "autoflush          throw away unseen messages after an event was disabled or cleared (VMI Mode)\n"
        "autounpause        a new event ends a 'pause' (VMI Mode)\n"
        "syntax             of the disassembler\n"
        "addressconversion  names instead of addresses\n"
        "What is set at the prompt is kept for the next time, in ~/.config/hyperdbg/settings.json.",
};

}  // namespace hyperdbg
