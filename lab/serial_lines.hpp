// SPDX-License-Identifier: MIT
#pragma once
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "lab/process.hpp"

namespace hyperdbg::lab {

// Serial lines of an emulator that knows only TCP and keeps one connection for its whole life: each becomes a unix
// socket that clients come to and leave, one at a time. What the guest says while nobody listens is lost, as on a real
// line.
class SerialLines {
 public:
  // One line for each name, which is the socket's in the directory.
  static Expected<SerialLines> start(const std::filesystem::path& directory, const std::vector<std::string>& names);
  SerialLines(SerialLines&&) noexcept = default;
  SerialLines& operator=(SerialLines&&) = delete;
  ~SerialLines();

  // Where the emulator connects to, on the loopback interface: in the order of the names.
  const std::vector<unsigned>& ports() const { return ports_; }

 private:
  SerialLines() = default;

  std::vector<unsigned> ports_;
  Descriptor stop_;
  std::thread thread_;
};

}  // namespace hyperdbg::lab
