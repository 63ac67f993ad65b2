// SPDX-License-Identifier: MIT
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "lab/emulator.hpp"
#include "lab/files.hpp"
#include "lab/machine.hpp"

namespace hyperdbg::lab {

struct RunOptions {
  std::string backend = "amd";
  std::string emulator_word;  // qemu or bochs
  std::string kernel = "6.1";
  unsigned cpus = 1;
  double timeout_factor = 1;
  std::vector<std::string> parameters;  // for every boot
  std::filesystem::path log;            // empty: none
  EmulatorOptions emulator;

  // Until the guest's shell answers.
  Milliseconds boot_patience() const { return Milliseconds(static_cast<long>(90000 * timeout_factor)); }
};

// Plays scenario files and prints the transcript. 0: all held, 1: something did not, 2: the machine did not come up.
int run_scenarios(const Files& files, const RunOptions& options, const std::vector<std::filesystem::path>& scenarios);

// A debuggee for a person. Both end when the person leaves.
int run_debugger(const Files& files, const RunOptions& options);
int run_guest_shell(const Files& files, const RunOptions& options);
// The shell of a lab that runs in another terminal.
int join_shell(const Files& files);

// One progress line.
void say(const std::string& text);

}  // namespace hyperdbg::lab
