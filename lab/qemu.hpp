// SPDX-License-Identifier: MIT
#pragma once
#include <vector>

#include "lab/emulator.hpp"

namespace hyperdbg::lab {

class Qemu final : public Emulator {
 public:
  // directory: private to this machine, with the initramfs in it.
  static Expected<std::unique_ptr<Emulator>> start(const Files& files, const MachineNeeds& needs,
                                                   const EmulatorOptions& options,
                                                   const std::filesystem::path& directory);
  // Its warnings about CPU features that it cannot emulate are left out.
  std::string complaints() const override;

 private:
  using Emulator::Emulator;
};

std::vector<std::string> qemu_arguments(const Files& files, const MachineNeeds& needs, const EmulatorOptions& options,
                                        const std::filesystem::path& directory);

}  // namespace hyperdbg::lab
