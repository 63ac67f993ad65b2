// SPDX-License-Identifier: MIT
#include "lab/emulator.hpp"

#include <stdlib.h>

#include <fstream>
#include <iterator>

#include "lab/bochs.hpp"
#include "lab/initramfs.hpp"
#include "lab/qemu.hpp"

namespace hyperdbg::lab {
namespace {

Expected<std::unique_ptr<Emulator>> start_in(const std::filesystem::path& directory, const Files& files,
                                             const MachineNeeds& needs, const EmulatorOptions& options) {
  TRY_EXPECTED(write_initramfs(files, needs, directory / "initramfs"));
  if (options.kind == EmulatorKind::bochs) return Bochs::start(files, needs, options, directory);
  return Qemu::start(files, needs, options, directory);
}

}  // namespace

const char* name_of(EmulatorKind kind) {
  return kind == EmulatorKind::qemu ? "QEMU" : "Bochs";
}

std::string command_line(const MachineNeeds& needs, const std::string& more) {
  // tsc=reliable: no watchdog compares the TSC with the HPET, which goes on while the debuggee is halted.
  // loglevel=4: errors and worse reach the console; an oops is printed whole in any case.
  std::string line = "console=ttyS0,115200 quiet loglevel=4 panic=1 tsc=reliable";
  if (!more.empty()) line += " " + more;
  for (const std::string& parameter : needs.parameters) line += " " + parameter;
  return line;
}

Expected<std::unique_ptr<Emulator>> start_emulator(const Files& files, const MachineNeeds& needs,
                                                   const EmulatorOptions& options) {
  char name[] = "/tmp/hyperdbg-lab.XXXXXX";
  if (mkdtemp(name) == nullptr) return fail("cannot make a directory in /tmp");
  const std::filesystem::path directory = name;
  auto emulator = start_in(directory, files, needs, options);
  if (!emulator) std::filesystem::remove_all(directory);
  return emulator;
}

Expected<void> Emulator::run(std::vector<std::string> arguments, std::vector<std::string> environment) {
  ProcessOptions process;
  process.arguments = std::move(arguments);
  process.environment = std::move(environment);
  process.log = directory_ / "emulator.log";
  process.own_session = true;
  process_ = TRY_EXPECTED(Process::start(process));
  return {};
}

std::string Emulator::log() const {
  std::ifstream stream(directory_ / "emulator.log");
  return {std::istreambuf_iterator<char>(stream), {}};
}

Emulator::~Emulator() {
  if (process_) process_->kill();  // nothing of it is kept, and Bochs does not listen to SIGTERM
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

}  // namespace hyperdbg::lab
