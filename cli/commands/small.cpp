// SPDX-License-Identifier: MIT
#include "cli/batch.hpp"
#include "cli/commands/commands.hpp"
#include "cli/console.hpp"
#include "session/number.hpp"

namespace hyperdbg {
namespace {

Expected<void> clear_screen(Console& console, const CommandLine& line) {
  if (line.arguments() != 0) return incorrect_use(line);
  console.write("\033[H\033[2J");
  return {};
}

Expected<void> kernel_log(Console& console, const CommandLine& line) {
  if (line.arguments() > 1) return incorrect_use(line);
  std::size_t records = 0x80;
  if (line.arguments() == 1 && line.argument(0).is("all")) {
    records = ~std::size_t{0};
  } else if (line.arguments() == 1) {
    const auto number = parse_number(line.argument(0).text);
    if (!number || *number == 0) return fail("please specify a correct hex value for the number of messages");
    records = *number;
  }
  console.write(TRY_EXPECTED(console.session().kernel_log(records)));
  return {};
}

Expected<void> checksum(Console& console) {
  const hyperdbg_checksums sums = TRY_EXPECTED(console.session().test_checksum());
  console.print("text {:08x} ({} bytes), read-only data {:08x} ({}), data {:08x} ({}), scripts {:08x} ({})\n",
                sums.text, sums.text_bytes, sums.rodata, sums.rodata_bytes, sums.data, sums.data_bytes, sums.scripts,
                sums.script_bytes);
  return {};
}

Expected<void> test(Console& console, const CommandLine& line) {
  if (line.arguments() == 1 && line.argument(0).is("checksum")) return checksum(console);
  if (line.arguments() != 1 || !line.argument(0).is("fault")) return incorrect_use(line);
  return console.session().test_fault();
}

Expected<void> reset(Console& console, const CommandLine& line) {
  if (line.arguments() != 0) return incorrect_use(line);
  TRY_EXPECTED(console.session().reset());
  console.settings() = Settings{};
  console.apply_settings();
  return {};
}

Expected<void> run_script(Console& console, const CommandLine& line) {
  if (line.arguments() == 0) return incorrect_use(line);
  std::vector<std::string> arguments;
  for (std::size_t i = 0; i < line.arguments(); ++i) arguments.push_back(line.argument(i).text);
  return run_batch(console, arguments, OnBatchError::go_on);
}

}  // namespace

const Command clear_screen_command{
    .name = ".cls",
    .aliases = "cls clear",
    .summary = "clears the screen",
    .syntax = ".cls",
    .examples = ".cls",
    .run = clear_screen,
    .while_running = WhileRunning::allowed,
};

const Command kernel_log_command{
    .name = ".dmesg",
    .aliases = "dmesg",
    .summary = "shows the debuggee's kernel log, also while it is halted",
    .syntax = ".dmesg [Count|all]     # the newest; 80 without a number",
    .examples = ".dmesg\n.dmesg 10\n.dmesg all",
    .run = kernel_log,
    .needs = Needs::target,
    .details = "Needs the symbols and types of the debuggee's kernel (see 'hyperdbg symbols save').",
};

const Command test_command{
    .name = "test",
    .aliases = ".test",
    .summary = "tests of the hypervisor itself; 'fault' stops the machine for good",
    .syntax =
        "test fault     # a fault in the hypervisor, to see its report\ntest checksum  # of the hypervisor's code and "
        "data, "
        "all but what changes by itself",
    .examples = "test checksum",
    .run = test,
    .needs = Needs::target,
    .details =
        "Two checksums without a change of events in between are equal, whatever scripts and the debuggee did. Left "
        "out of\n"
        "'data' are requests and answers, the halt and the line, contexts of running scripts, .globals, what each core "
        "is\n"
        "inside of, and the lists of free pages; stacks, arenas, rings and events' counters are no part of it.",
};

const Command reset_command{
    .name = ".reset",
    .summary = "removes all events, variables and figures: a fresh start",
    .syntax = ".reset",
    .examples = ".reset",
    .run = reset,
    .needs = Needs::target,
};

const Command script_command{
    .name = ".script",
    .aliases = "script",
    .summary = "runs the commands in a file",
    .syntax = ".script FILE [arguments...]     # $arg1... in the file are replaced, $arg0 is the file",
    .examples = ".script count.ds\n.script \"my scripts/watch.ds\" c0000082 1c0",
    .run = run_script,
    .details = "Goes on after errors. 'hyperdbg --script FILE' stops at the first one.",
};

}  // namespace hyperdbg
