// SPDX-License-Identifier: MIT
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "lab/files.hpp"
#include "lab/process.hpp"
#include "lab/scenario.hpp"

namespace hyperdbg::lab {

enum class EmulatorKind { qemu, bochs };
const char* name_of(EmulatorKind kind);

enum class Clock {
  wall,          // as fast as it goes
  instructions,  // QEMU only, -icount: one nanosecond an instruction, so the guest's TSC counts instructions
};

struct EmulatorOptions {
  EmulatorKind kind = EmulatorKind::qemu;
  std::string cpu = "EPYC,+svm,+npt";  // model, in the emulator's own words
  std::string parameters;              // that this model needs on the kernel's command line
  Clock clock = Clock::wall;
};

// A machine with its emulator, in a private directory that goes away with it. Its three serial lines are unix sockets
// there; each takes one client at a time and is there before and after it.
class Emulator {
 public:
  virtual ~Emulator();
  Emulator(const Emulator&) = delete;
  Emulator& operator=(const Emulator&) = delete;

  std::string console_socket() const { return directory_ / "console"; }
  std::string debugger_socket() const { return directory_ / "debugger"; }
  std::string shell_socket() const { return directory_ / "shell"; }
  // Files that the guest leaves under /host, once it has mounted that. QEMU only.
  std::filesystem::path shared() const { return directory_ / "host"; }
  // What the emulator itself had to say.
  virtual std::string complaints() const = 0;
  bool running() { return process_ && !process_->status(); }

 protected:
  explicit Emulator(std::filesystem::path directory) : directory_(std::move(directory)) {}
  Expected<void> run(std::vector<std::string> arguments, std::vector<std::string> environment = {});
  const std::filesystem::path& directory() const { return directory_; }
  std::string log() const;

 private:
  std::filesystem::path directory_;
  std::optional<Process> process_;
};

Expected<std::unique_ptr<Emulator>> start_emulator(const Files& files, const MachineNeeds& needs,
                                                   const EmulatorOptions& options);
// What every guest's kernel is told.
std::string command_line(const MachineNeeds& needs, const std::string& more);

}  // namespace hyperdbg::lab
