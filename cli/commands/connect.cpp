// SPDX-License-Identifier: MIT
#include "cli/commands/commands.hpp"
#include "cli/console.hpp"

namespace hyperdbg {
namespace {

Expected<void> connect(Console& console, const CommandLine& line) {
  if (line.arguments() == 0) return incorrect_use(line);
  if (!line.argument(0).is("local"))
    return fail(
        "err, connecting over TCP ('.listen') is not available in this version; '.debug remote' attaches to a "
        "debuggee");
  if (line.arguments() != 1) return incorrect_use(line);
  if (console.session().has_target())
    return fail("err, there is a session already; close it first ('.debug close', '.disconnect')");
  console.local = true;
  console.print("local debugging (vmi-mode)\n");
  return {};
}

Expected<void> disconnect(Console& console, const CommandLine& line) {
  if (line.arguments() != 0) return incorrect_use(line);
  const bool vmi = console.session().state() == SessionState::vmi;
  if (!console.local && !console.session().has_target())
    return fail("err, you're not connected to any instance of HyperDbg");
  console.session().detach();
  console.local = false;
  console.print("disconnected successfully\n");
  if (vmi)
    console.print(
        "the vmm module stays loaded and its events active; '.connect local' and 'load vmm' show their messages "
        "again\n");
  return {};
}

}  // namespace

const Command connect_command{
    .name = ".connect",
    .aliases = "connect",
    .summary = "begins debugging this machine (VMI Mode); 'load vmm' follows",
    .syntax = ".connect local",
    .examples = ".connect local\nload vmm",
    .run = connect,
};

const Command disconnect_command{
    .name = ".disconnect",
    .aliases = "disconnect",
    .summary = "ends the session",
    .syntax = ".disconnect",
    .examples = ".disconnect",
    .run = disconnect,
    .while_running = WhileRunning::allowed,
};

}  // namespace hyperdbg
