// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "abi/version.h"
#include "cli/batch.hpp"
#include "cli/console.hpp"
#include "cli/front_end.hpp"
#include "cli/signals.hpp"
#include "symbols/symbol_file.hpp"

namespace hyperdbg {
namespace {

struct Options {
  std::vector<std::string> script;
  std::vector<std::string> commands;
  bool machine = false;
  bool save_symbols = false;
  std::string directory;
};

void write_to_stdout(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

int save(const std::string& directory) {
  const auto saved = save_symbols(directory.empty() ? default_symbol_directory() : std::filesystem::path(directory));
  if (!saved) {
    std::fprintf(stderr, "err, %s\n", saved.error().c_str());
    return 1;
  }
  std::printf("%zu symbols saved in %s\n", saved->count, saved->symbols.c_str());
  if (saved->types.empty())
    std::printf("the kernel offers no types (/sys/kernel/btf/vmlinux), so '.dmesg' will not work\n");
  else
    std::printf("types saved in %s\n", saved->types.c_str());
  return 0;
}

int run_file(Console& console, const std::vector<std::string>& script) {
  const auto done = run_batch(console, script, OnBatchError::stop);
  if (!done) console.report(done.error());
  console.session().detach();
  return done ? 0 : 1;
}

int run(const Options& options) {
  Signals signals;
  Console console(write_to_stdout);
  console.set_cancelled([&] { return signals.interrupted() || signals.terminated(); });
  for (const std::string& command : options.commands) {
    const auto outcome = console.execute(command);
    if (outcome == Console::Outcome::quit) return 0;
    if (outcome == Console::Outcome::failed) return 1;
  }
  if (!options.script.empty()) return run_file(console, options.script);
  if (options.machine) return run_machine(console, signals);
  if (isatty(STDIN_FILENO) == 0) return run_file(console, {"/dev/stdin"});
  console.print("HyperDbg for Linux [version: v{}]\n", HYPERDBG_VERSION);
  return run_terminal(console, signals);
}

}  // namespace
}  // namespace hyperdbg

int main(int argc, char** argv) {
  hyperdbg::Options options;
  CLI::App app("HyperDbg for Linux: a debugger that lives beneath the operating system");
  app.set_version_flag("--version", "hyperdbg " HYPERDBG_VERSION);
  app.add_option("--script", options.script,
                 "Run the commands in FILE (with arguments) and leave; 1 at the first error")
      ->type_name("FILE [ARGUMENT...]");
  app.add_option("-c,--command", options.commands, "Run this command first; may repeat")->allow_extra_args(false);
  app.add_flag("--machine", options.machine, "For programs: no echo, the byte 0x05 behind each prompt");
  CLI::App* symbols = app.add_subcommand("symbols", "Symbol files for debugging this machine from another one");
  symbols->require_subcommand(1);
  CLI::App* save = symbols->add_subcommand("save", "Write the running kernel's symbols and types (as root)");
  save->add_option("DIRECTORY", options.directory, "Where to; default: $HYPERDBG_SYMBOLS or ~/.cache/hyperdbg/symbols");
  CLI11_PARSE(app, argc, argv);
  if (save->parsed()) return hyperdbg::save(options.directory);
  return hyperdbg::run(options);
}
