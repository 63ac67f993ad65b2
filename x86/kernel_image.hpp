// SPDX-License-Identifier: MIT
#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/types.hpp"

// For tests: the code inside kernel images and programs.
namespace hyperdbg::x86 {

std::vector<u8> read_file(const std::filesystem::path& path);

// The vmlinux inside a bzImage (xz or zstd), anything else unchanged. Throws std::runtime_error with the reason.
std::vector<u8> unpack_kernel(std::vector<u8> file);

struct CodeSection {
  std::string name;
  std::span<const u8> bytes;
};

// The executable sections of an ELF file, or all of what is not ELF.
std::vector<CodeSection> code_sections(std::span<const u8> file);

}  // namespace hyperdbg::x86
