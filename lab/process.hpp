// SPDX-License-Identifier: MIT
#pragma once
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "session/error.hpp"

namespace hyperdbg::lab {

// Owns a descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  Descriptor(Descriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int get() const { return descriptor_; }
  bool is_open() const { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

Expected<void> write_all(int descriptor, std::string_view bytes);
Expected<Descriptor> connect_socket(const std::string& path);
// Does not block when it is asked for a client.
Expected<Descriptor> listen_on_socket(const std::string& path);

struct ProcessOptions {
  std::vector<std::string> arguments;    // the program first, found in PATH
  std::vector<std::string> environment;  // added to ours, NAME=VALUE
  bool own_session = false;              // the terminal's Ctrl+C is not for it
  bool pipes = false;                    // stdin and stdout+stderr connected to us
  std::string log;                       // otherwise: where both outputs go; empty = ours
};

// A child that dies with us, and at the latest with this object.
class Process {
 public:
  static Expected<Process> start(const ProcessOptions& options);
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  // Exit status (128 + signal if one ended it), or nothing while it runs.
  std::optional<int> status();
  int wait();
  // Asks with SIGTERM, insists with SIGKILL after two seconds.
  void end();
  void kill();
  pid_t pid() const { return pid_; }
  int input() const { return input_.get(); }
  int output() const { return output_.get(); }
  void close_input() { input_ = Descriptor(); }

 private:
  explicit Process(pid_t pid) : pid_(pid) {}

  pid_t pid_ = -1;
  std::optional<int> status_;
  Descriptor input_;
  Descriptor output_;
};

}  // namespace hyperdbg::lab
