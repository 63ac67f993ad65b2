// SPDX-License-Identifier: MIT
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "lab/files.hpp"
#include "lab/process.hpp"
#include "lab/scenario.hpp"

namespace hyperdbg::lab {

enum class Clock {
  wall,          // one thread for each CPU, as fast as it goes
  instructions,  // -icount: one nanosecond an instruction, so the guest's TSC counts instructions
};

struct EmulatorOptions {
  std::string cpu = "EPYC,+svm,+npt";
  Clock clock = Clock::wall;
};

// A running QEMU and the sockets of its serial lines, in a private directory that goes away with it.
class Emulator {
 public:
  static Expected<std::unique_ptr<Emulator>> start(const Files& files, const MachineNeeds& needs,
                                                   const EmulatorOptions& options);
  Emulator(const Emulator&) = delete;
  Emulator& operator=(const Emulator&) = delete;
  ~Emulator();

  std::string console_socket() const { return directory_ / "console"; }
  std::string debugger_socket() const { return directory_ / "debugger"; }
  std::string shell_socket() const { return directory_ / "shell"; }
  // Files that the guest leaves under /host, once it has mounted that.
  std::filesystem::path shared() const { return directory_ / "host"; }
  // What QEMU itself had to say, without its warnings about CPU features.
  std::string complaints() const;
  bool running() { return !process_.status(); }
  void end() { process_.end(); }

 private:
  Emulator(std::filesystem::path directory, Process process)
      : directory_(std::move(directory)), process_(std::move(process)) {}

  std::filesystem::path directory_;
  Process process_;
};

std::vector<std::string> emulator_arguments(const Files& files, const MachineNeeds& needs,
                                            const EmulatorOptions& options, const std::filesystem::path& directory);

}  // namespace hyperdbg::lab
