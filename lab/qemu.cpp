// SPDX-License-Identifier: MIT
#include "lab/qemu.hpp"

#include <stdlib.h>

#include <fstream>

#include "lab/initramfs.hpp"

namespace hyperdbg::lab {
namespace {

std::string command_line(const MachineNeeds& needs) {
  // tsc=reliable: no watchdog compares the TSC with the HPET, which goes on while the debuggee is halted.
  // loglevel=4: errors and worse reach the console; an oops is printed whole in any case.
  std::string line = "console=ttyS0,115200 quiet loglevel=4 panic=1 tsc=reliable";
  for (const std::string& parameter : needs.parameters) line += " " + parameter;
  return line;
}

}  // namespace

std::vector<std::string> emulator_arguments(const Files& files, const MachineNeeds& needs,
                                            const EmulatorOptions& options, const std::filesystem::path& directory) {
  const auto socket = [&](const char* name) {
    return fmt::format("socket,id={0},path={1}/{0},server=on,wait=off,logfile={1}/{0}.log", name, directory.string());
  };
  const bool counted = options.clock == Clock::instructions;
  std::vector<std::string> arguments{
      "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-monitor", "none",
      "-machine", "q35", "-accel", counted ? "tcg,thread=single" : "tcg,thread=multi", "-cpu", options.cpu, "-smp",
      std::to_string(needs.cpus), "-m", "1024", "-kernel", files.vmlinuz(), "-initrd", directory / "initramfs",
      "-append", command_line(needs),
      // COM1 and COM2, in this order; the shell's card sits on the PCI bus and so shares no interrupt with them.
      "-chardev", socket("console"), "-serial", "chardev:console", "-chardev", socket("debugger"), "-serial",
      "chardev:debugger", "-chardev", socket("shell"), "-device", "pci-serial,chardev=shell", "-virtfs",
      "local,path=" + (directory / "host").string() + ",mount_tag=host,security_model=none"};
  if (counted) arguments.insert(arguments.end(), {"-icount", "shift=0,sleep=off"});
  return arguments;
}

Expected<std::unique_ptr<Emulator>> Emulator::start(const Files& files, const MachineNeeds& needs,
                                                    const EmulatorOptions& options) {
  char name[] = "/tmp/hyperdbg-lab.XXXXXX";
  if (mkdtemp(name) == nullptr) return fail("cannot make a directory in /tmp");
  const std::filesystem::path directory = name;
  std::filesystem::create_directory(directory / "host");
  ProcessOptions process;
  process.arguments = emulator_arguments(files, needs, options, directory);
  process.log = directory / "qemu.log";
  process.own_session = true;
  auto written = write_initramfs(files, needs, directory / "initramfs");
  auto started = written ? Process::start(process) : std::unexpected(written.error());
  if (!started) {
    std::filesystem::remove_all(directory);
    return std::unexpected(started.error());
  }
  return std::unique_ptr<Emulator>(new Emulator(directory, std::move(*started)));
}

Emulator::~Emulator() {
  process_.end();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string Emulator::complaints() const {
  std::ifstream stream(directory_ / "qemu.log");
  std::string text;
  for (std::string line; std::getline(stream, line);) {
    if (line.find("TCG doesn't support requested feature") == line.npos) text += line + "\n";
  }
  return text;
}

}  // namespace hyperdbg::lab
