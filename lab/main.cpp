// SPDX-License-Identifier: MIT
#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>

#include "lab/runner.hpp"

using namespace hyperdbg::lab;

namespace {

// Which processor of which emulator stands for a backend's.
struct Preset {
  const char* backend;
  const char* emulator;
  EmulatorKind kind;
  const char* cpu;
  const char* parameters;  // that the kernel needs on it
  double timeout_factor;
};

constexpr Preset presets[] = {
    {"amd", "qemu", EmulatorKind::qemu, "EPYC,+svm,+npt", "", 1},
    // MWAITX is in this model's CPUID and not in Bochs.
    {"amd", "bochs", EmulatorKind::bochs, "ryzen", "clearcpuid=mwaitx,xsavec,xsaves", 6},
    // This model's size of the XSAVE area lets Linux do without XSAVE.
    {"intel", "bochs", EmulatorKind::bochs, "corei7_skylake_x", "clearcpuid=xsavec,xsaves", 6},
};

struct CommandLine {
  RunOptions run;
  std::vector<std::filesystem::path> scenarios;
  std::filesystem::path root = std::filesystem::current_path();
  std::filesystem::path build;
  std::string emulator;
  std::string cpu;
  bool vmi = false;
  bool shell = false;
  bool icount = false;
};

void declare(CLI::App& app, CommandLine& line) {
  app.add_option("--scenario", line.scenarios, "Play scenario files instead of giving a prompt")->type_name("FILE...");
  app.add_option("--backend", line.run.backend, "The guest's processor: amd (in QEMU) or intel (in Bochs)")
      ->check(CLI::IsMember({"amd", "intel"}));
  app.add_option("--emulator", line.emulator, "qemu or bochs, where a backend has both")
      ->check(CLI::IsMember({"qemu", "bochs"}));
  app.add_option("--cpus", line.run.cpus, "CPUs of the guest, where a scenario does not say")->check(CLI::Range(1, 64));
  app.add_option("--kernel", line.run.kernel, "Debian's kernel series")->check(CLI::IsMember({"6.1", "6.12"}));
  app.add_option("--log", line.run.log, "Keep transcripts, console and debugger traffic in this directory");
  app.add_flag("--vmi", line.vmi, "A shell in the guest, with the debugger inside");
  app.add_flag("--shell", line.shell, "Join the guest's shell of a ./run in another terminal");
  app.add_flag("--icount", line.icount, "The guest's TSC counts instructions (slow, deterministic)");
  app.add_option("--cpu", line.cpu, "The emulator's CPU model; QEMU's `max,+svm,+npt` has 5-level paging");
  app.add_option("--param", line.run.parameters, "Added to the kernel's command line");
  app.add_option("--timeout-factor", line.run.timeout_factor, "Multiplies every timeout")->check(CLI::PositiveNumber);
  app.add_option("--root", line.root, "The repository")->group("");
  app.add_option("--build", line.build, "CMake's build directory")->group("");
}

bool choose_emulator(CommandLine& line) {
  const auto* preset = std::ranges::find_if(presets, [&](const Preset& each) {
    return each.backend == line.run.backend && (line.emulator.empty() || each.emulator == line.emulator);
  });
  if (preset == std::end(presets)) {
    fmt::print(stderr, "error: QEMU does not emulate VT-x; --backend intel is for Bochs\n");
    return false;
  }
  if (line.icount && preset->kind != EmulatorKind::qemu) {
    fmt::print(stderr, "error: --icount is QEMU's; in Bochs the TSC counts instructions anyhow\n");
    return false;
  }
  EmulatorOptions& emulator = line.run.emulator;
  emulator.kind = preset->kind;
  emulator.cpu = line.cpu.empty() ? preset->cpu : line.cpu;
  emulator.parameters = preset->parameters;
  line.run.emulator_word = preset->emulator;
  line.run.timeout_factor *= preset->timeout_factor;
  return true;
}

int run(CommandLine& line) {
  if (!choose_emulator(line)) return 2;
  Files files;
  files.root = line.root;
  files.build = line.build.empty() ? line.root / "build/release" : line.build;
  const auto link = files.root / ".lab/kernels" / line.run.kernel;
  std::error_code error;
  files.kernel = std::filesystem::canonical(link, error);
  files.release = files.kernel.filename();
  if (!std::filesystem::exists(files.vmlinuz())) {
    fmt::print(stderr, "error: there is no kernel in {}; ./run fetches it\n", link.string());
    return 2;
  }
  if (line.icount) {
    line.run.emulator.clock = Clock::instructions;
    line.run.timeout_factor *= 4;
  }
  if (line.shell) return join_shell(files);
  if (!line.scenarios.empty()) return run_scenarios(files, line.run, line.scenarios);
  return line.vmi ? run_guest_shell(files, line.run) : run_debugger(files, line.run);
}

}  // namespace

int main(int count, char** arguments) {
  signal(SIGPIPE, SIG_IGN);
  CLI::App app{"A debuggee in a box: Debian's kernel in an emulator, with the debugger attached", "./run"};
  CommandLine line;
  declare(app, line);
  try {
    app.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return run(line);
}
