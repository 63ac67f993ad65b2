// SPDX-License-Identifier: MIT
#include "cli/signals.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace hyperdbg {
namespace {

std::atomic<bool> interrupt_seen = false;
std::atomic<bool> termination_seen = false;
int pipe_ends[2] = {-1, -1};

void handle(int signal) {
  const int saved = errno;
  (signal == SIGINT ? interrupt_seen : termination_seen) = true;
  const char byte = 0;
  // A full pipe means that the loop will wake up anyway.
  if (write(pipe_ends[1], &byte, 1) < 0) errno = saved;
  errno = saved;
}

}  // namespace

Signals::Signals() {
  if (pipe2(pipe_ends, O_NONBLOCK | O_CLOEXEC) != 0) return;
  struct sigaction action {};
  action.sa_handler = handle;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

Signals::~Signals() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::signal(signal, SIG_DFL);
  for (int& end : pipe_ends) {
    if (end >= 0) close(end);
    end = -1;
  }
}

int Signals::descriptor() const {
  return pipe_ends[0];
}
bool Signals::interrupted() const {
  return interrupt_seen;
}
bool Signals::terminated() const {
  return termination_seen;
}

bool Signals::take_interrupt() {
  char bytes[64];
  while (read(pipe_ends[0], bytes, sizeof bytes) > 0) {
  }
  return interrupt_seen.exchange(false);
}

}  // namespace hyperdbg
