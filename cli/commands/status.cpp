// SPDX-License-Identifier: MIT
#include "cli/commands/commands.hpp"
#include "cli/commands/local.hpp"
#include "cli/console.hpp"

namespace hyperdbg {
namespace {

Expected<std::string> state_line(Console& console) {
  if (console.session().is_debugger_mode()) return "remote debugging - debugger ('debugger mode')\n";
  if (console.debuggee) return "remote debugging - debuggee ('debugger mode')\n";
  if (console.local || console.session().has_target()) return "local debugging ('vmi mode')\n";
  return fail("err, you're not connected to any instance of HyperDbg");
}

Expected<void> run_local(Console& console, const CommandLine& line) {
  if (line.arguments() != 0) return incorrect_use(line);
  console.write(TRY_EXPECTED(state_line(console)));
  return {};
}

Expected<void> run(Console& console, const CommandLine& line) {
  TRY_EXPECTED(run_local(console, line));
  if (!console.session().has_target()) return {};
  const auto status = TRY_EXPECTED(console.session().status());
  const auto& hello = console.session().hello();
  console.print("debuggee : {}, {}\n", hello.release,
                hello.mode == HYPERDBG_MODE_VMI ? "this machine"
                : status.halted != 0            ? fmt::format("halted on core 0x{:x}", status.core)
                                                : "running");
  console.print("cores : 0x{:x}\nevents : 0x{:x}\nexits : {}\nlost messages : {}\n", status.cpus, status.events,
                status.exits, status.dropped);
  console.print("free for instant events : {} events, {} actions, {} pages\n", status.free_events, status.free_actions,
                status.free_pages);
  return {};
}

// Takes down what this program has put up. A debuggee runs on.
Expected<void> run_exit(Console& console, const CommandLine& line) {
  if (line.arguments() != 0) return incorrect_use(line);
  if (console.session().state() == SessionState::vmi || console.debuggee) {
    if (const auto stopped = stop_vmm(console, false); !stopped) console.report(stopped.error());
  }
  console.session().detach();
  console.request_quit();
  return {};
}

}  // namespace

const Command status_command{
    .name = "status",
    .summary = "shows the state of the session and of the debuggee",
    .syntax = "status",
    .examples = "status",
    .run = run,
    .while_running = WhileRunning::allowed,
};

const Command local_status_command{
    .name = ".status",
    .summary = "shows the state of this program's session",
    .syntax = ".status",
    .examples = ".status",
    .run = run_local,
    .while_running = WhileRunning::allowed,
};

const Command exit_command{
    .name = "exit",
    .aliases = ".exit",
    .summary = "leaves; a halted debuggee continues, a hypervisor beneath this machine is unloaded",
    .syntax = "exit",
    .examples = "exit",
    .run = run_exit,
    .while_running = WhileRunning::allowed,
};

}  // namespace hyperdbg
