// SPDX-License-Identifier: MIT
#include "cli/commands/commands.hpp"
#include "cli/console.hpp"
#include "cli/render/address.hpp"

namespace hyperdbg {
namespace {

Expected<void> run(Console& console, const CommandLine& line) {
  if (line.arguments() != 1) return incorrect_use(line);
  const std::string& pattern = line.argument(0).text;
  const SymbolTable& symbols = console.session().symbols_for(pattern);
  if (symbols.empty()) return fail("err, no symbols are loaded; see 'hyperdbg symbols save' in the manual");
  const auto found = symbols.search(pattern);
  if (found.empty()) return fail("err, no symbol matches '{}'", pattern);
  for (const Symbol& symbol : found) console.print("{}  {}\n", render_address(symbol.address), qualified_name(symbol));
  return {};
}

}  // namespace

const Command search_symbol_command{
    .name = "x",
    .summary = "searches symbols by name, with * and ?",
    .syntax = "x [Module!]Pattern     # of the kernel (vmlinux, nt) without a module",
    .examples = "x do_sys_open*\nx nt!*openat?\nx kvm!*exit*\nx *!init_module",
    .run = run,
    .needs = Needs::target,
    .while_running = WhileRunning::allowed,
};

}  // namespace hyperdbg
