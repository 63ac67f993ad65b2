// SPDX-License-Identifier: MIT
#pragma once
#include <filesystem>
#include <string>

namespace hyperdbg::lab {

// Where things are on the host.
struct Files {
  std::filesystem::path root;    // of the repository
  std::filesystem::path build;   // CMake's build directory
  std::filesystem::path kernel;  // unpacked package, from lab/kernel.sh
  std::string release;           // of that kernel

  std::filesystem::path program(const std::string& name) const { return build / "bin" / name; }
  std::filesystem::path guest_program() const { return build / "lab/probe-program"; }
  std::filesystem::path guest_program_32() const { return build / "lab/probe32-program"; }
  std::filesystem::path image() const { return build / "hypervisor/image.bin"; }
  std::filesystem::path modules() const { return kernel / "modules"; }
  std::filesystem::path vmlinuz() const { return kernel / "boot" / ("vmlinuz-" + release); }
  std::filesystem::path unpacked_kernel() const { return kernel / "kernel.elf"; }
  std::filesystem::path boot_sector() const { return build / "lab/boot.bin"; }
  std::filesystem::path symbols() const { return root / ".lab/symbols"; }
};

}  // namespace hyperdbg::lab
