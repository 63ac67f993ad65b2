// SPDX-License-Identifier: MIT
#pragma once
#include <vector>

#include "lab/emulator.hpp"
#include "lab/serial_lines.hpp"

namespace hyperdbg::lab {

// COM1 is the console, COM2 the debugger's line, COM3 the shell's channel.
class Bochs final : public Emulator {
 public:
  // directory: private to this machine, with the initramfs in it.
  static Expected<std::unique_ptr<Emulator>> start(const Files& files, const MachineNeeds& needs,
                                                   const EmulatorOptions& options,
                                                   const std::filesystem::path& directory);
  // Errors and panics of its log.
  std::string complaints() const override;

 private:
  Bochs(const std::filesystem::path& directory, SerialLines lines) : Emulator(directory), lines_(std::move(lines)) {}

  SerialLines lines_;
};

// ports: of the serial lines, from COM1 on.
std::string bochs_configuration(const MachineNeeds& needs, const EmulatorOptions& options,
                                const std::vector<unsigned>& ports, const std::filesystem::path& directory);

}  // namespace hyperdbg::lab
