// SPDX-License-Identifier: MIT
#pragma once
#include <filesystem>
#include <vector>

#include "lab/files.hpp"
#include "lab/scenario.hpp"
#include "session/error.hpp"

namespace hyperdbg::lab {

// Writes the guest's file system: busybox, our programs with their libraries, modules, the image. In VMI Mode also the
// script compiler, which needs LLVM and makes it large; in Debugger Mode that part stays on the host.
Expected<void> write_initramfs(const Files& files, const MachineNeeds& needs, const std::filesystem::path& to);

}  // namespace hyperdbg::lab
