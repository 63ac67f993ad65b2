// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <utility>

#include "abi/version.h"
#include "cli/batch.hpp"
#include "cli/console.hpp"
#include "cli/front_end.hpp"
#include "cli/script_tool.hpp"
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

constexpr const char* script_footer =
    "Scripts get registers of nobody: all 0 but for --set, and @rsp, which points into memory of their own that they "
    "may "
    "read and write.\n"
    "Exits with 0, with 1 if the script has mistakes, 2 if its run was ended by an error, 3 if it could not be tried.\n"
    "--json: one line {\"status\":\"ok|parse_error|run_error\",\"out\":...,\"value\":...,\"diagnostics\":[...]}; value "
    "is "
    "what test_statement(v) had last, in hexadecimal.";

CLI::App* add_script_verb(CLI::App& script, const char* name, const char* what, ScriptToolOptions& options) {
  CLI::App* verb = script.add_subcommand(name, what);
  verb->footer(script_footer);
  auto* file = verb->add_option("FILE", options.file, "The script; - is standard input");
  verb->add_option("--set", options.settings, "NAME=VALUE of a register or pseudo-register, hexadecimal; may repeat")
      ->allow_extra_args(false)
      ->type_name("NAME=VALUE");
  verb->add_option("--btf", options.btf, "Types that the script may use: a kernel's BTF, or an ELF file with it")
      ->type_name("FILE");
  verb->add_option("--fuel", options.fuel, "Operations that one run may spend (default 0n1000000)")->type_name("N");
  verb->add_flag("--json", options.json, "One line of JSON instead of text");
  auto* batch =
      verb->add_flag("--batch0", options.batch, "Scripts from standard input, each ended by NUL; prints JSON");
  batch->excludes(file);
  verb->final_callback([&options, verb] {
    if (options.file.empty() && !options.batch) throw CLI::RequiredError(verb->get_name() + ": FILE");
  });
  return verb;
}

// Null unless `hyperdbg script VERB` is what was asked for.
const ScriptVerb* parsed_verb(const std::array<std::pair<CLI::App*, ScriptVerb>, 4>& verbs) {
  for (const auto& [app, verb] : verbs)
    if (app->parsed()) return &verb;
  return nullptr;
}

std::array<std::pair<CLI::App*, ScriptVerb>, 4> add_script_verbs(CLI::App& app, ScriptToolOptions& options) {
  CLI::App* script = app.add_subcommand("script", "The script language without a debuggee");
  script->require_subcommand(1);
  return {{{add_script_verb(*script, "run", "Compile a script and run it here", options), ScriptVerb::run},
           {add_script_verb(*script, "check", "Find the mistakes of a script", options), ScriptVerb::check},
           {add_script_verb(*script, "ir", "Show the LLVM IR of a script", options), ScriptVerb::ir},
           {add_script_verb(*script, "disasm", "Show the machine code of a script", options), ScriptVerb::disasm}}};
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
  hyperdbg::ScriptToolOptions script_options;
  const auto script_verbs = hyperdbg::add_script_verbs(app, script_options);
  CLI11_PARSE(app, argc, argv);
  if (const auto* verb = hyperdbg::parsed_verb(script_verbs)) {
    script_options.verb = *verb;
    return hyperdbg::run_script_tool(script_options, stdout, stderr);
  }
  if (save->parsed()) return hyperdbg::save(options.directory);
  return hyperdbg::run(options);
}
