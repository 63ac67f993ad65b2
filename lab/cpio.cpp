// SPDX-License-Identifier: MIT
#include "lab/cpio.hpp"

#include <sys/stat.h>

#include <fstream>
#include <sstream>

namespace hyperdbg::lab {

void Cpio::entry(const std::string& path, unsigned mode, std::string_view content, unsigned major, unsigned minor) {
  const auto pad = [this] { bytes_.resize((bytes_.size() + 3) & ~std::size_t{3}, '\0'); };
  // Documentation/driver-api/early-userspace/buffer-format.rst: ino mode uid gid nlink mtime filesize major minor
  // rmajor rminor namesize chksum
  bytes_ += fmt::format("070701{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}",
                        inode_++, mode, 0, 0, 1, 0, content.size(), 0, 0, major, minor, path.size() + 1, 0);
  bytes_ += path;
  bytes_ += '\0';
  pad();
  bytes_ += content;
  pad();
}

void Cpio::directory(const std::string& path) {
  entry(path, S_IFDIR | 0755, "");
}

void Cpio::file(const std::string& path, std::string_view content, unsigned mode) {
  entry(path, S_IFREG | mode, content);
}

Expected<void> Cpio::copy(const std::string& path, const std::filesystem::path& from, unsigned mode) {
  std::ifstream stream(from, std::ios::binary);
  if (!stream) return fail("cannot read {}", from.string());
  std::ostringstream content;
  content << stream.rdbuf();
  file(path, content.view(), mode);
  return {};
}

void Cpio::link(const std::string& path, const std::string& target) {
  entry(path, S_IFLNK | 0777, target);
}

void Cpio::character_device(const std::string& path, unsigned major, unsigned minor) {
  entry(path, S_IFCHR | 0600, "", major, minor);
}

std::string Cpio::finish() {
  entry("TRAILER!!!", 0, "");
  return std::move(bytes_);
}

}  // namespace hyperdbg::lab
