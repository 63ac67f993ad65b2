// SPDX-License-Identifier: MIT
#include "lab/terminal.hpp"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <string_view>

#include "lab/process.hpp"

namespace hyperdbg::lab {
namespace {

constexpr char leave = '\x1d';  // Ctrl+]

class RawTerminal {
 public:
  RawTerminal() {
    if (tcgetattr(0, &before_) != 0) return;
    raw_ = true;
    termios raw = before_;
    cfmakeraw(&raw);
    tcsetattr(0, TCSANOW, &raw);
  }
  ~RawTerminal() {
    if (raw_) tcsetattr(0, TCSANOW, &before_);
  }

 private:
  termios before_{};
  bool raw_ = false;
};

// False when the source is at its end.
bool move_bytes(int from, int to, bool look_for_leave) {
  char buffer[4096];
  const ssize_t count = read(from, buffer, sizeof(buffer));
  if (count <= 0) return false;
  const std::string_view bytes(buffer, static_cast<std::size_t>(count));
  if (look_for_leave && bytes.find(leave) != bytes.npos) return false;
  return write_all(to, bytes).has_value();
}

}  // namespace

void bridge_terminal(int socket) {
  const RawTerminal terminal;
  pollfd ends[] = {{0, POLLIN, 0}, {socket, POLLIN, 0}};
  while (poll(ends, 2, -1) > 0) {
    if (ends[0].revents && !move_bytes(0, socket, true)) return;
    if (ends[1].revents && !move_bytes(socket, 1, false)) return;
  }
}

}  // namespace hyperdbg::lab
