// SPDX-License-Identifier: MIT
#pragma once
#include <filesystem>
#include <string>

#include "session/error.hpp"

namespace hyperdbg::lab {

struct BootFiles {
  std::filesystem::path sector;     // lab/boot/boot.S
  std::filesystem::path packed;     // Debian's vmlinuz, for its setup header
  std::filesystem::path kernel;     // the same, unpacked: ELF
  std::filesystem::path initramfs;  // as it is
};

// Writes the disk image from which Bochs boots: sector, boot parameters, kernel, initramfs. Memory in bytes.
Expected<void> write_boot_disk(const BootFiles& files, const std::string& command_line, std::uint64_t memory,
                               const std::filesystem::path& to);

}  // namespace hyperdbg::lab
