// SPDX-License-Identifier: MIT
#pragma once

namespace hyperdbg {

// Ctrl+C and requests to end, turned into something that a loop can poll. One for the process.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  int descriptor() const;    // readable after a signal
  bool interrupted() const;  // Ctrl+C since the last take_interrupt()
  bool take_interrupt();
  bool terminated() const;  // SIGTERM or SIGHUP
};

}  // namespace hyperdbg
