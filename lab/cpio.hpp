// SPDX-License-Identifier: MIT
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "session/error.hpp"

namespace hyperdbg::lab {

// Writes the kernel's initramfs format ("newc") into a string. Several archives one behind the other are one file
// system.
class Cpio {
 public:
  void directory(const std::string& path);
  void file(const std::string& path, std::string_view content, unsigned mode = 0644);
  Expected<void> copy(const std::string& path, const std::filesystem::path& from, unsigned mode = 0644);
  void link(const std::string& path, const std::string& target);
  void character_device(const std::string& path, unsigned major, unsigned minor);
  std::string finish();

 private:
  void entry(const std::string& path, unsigned mode, std::string_view content, unsigned major = 0, unsigned minor = 0);

  std::string bytes_;
  unsigned inode_ = 1;
};

}  // namespace hyperdbg::lab
