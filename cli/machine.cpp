// SPDX-License-Identifier: MIT
#include "cli/front_end.hpp"

#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "cli/console.hpp"
#include "cli/signals.hpp"

namespace hyperdbg {
namespace {

constexpr char ready = '\x05';
constexpr std::string_view interrupt_line = "\x03";

class Machine {
 public:
  Machine(Console& console, Signals& signals) : console_(console), signals_(signals) {}

  int run() {
    console_.on_state_change = [this] { state_changed_ = true; };
    show_prompt();
    while (!done_ && !signals_.terminated()) {
      if (wait_for_work(console_, signals_, true) && !read_input()) break;
      console_.idle();
      if (signals_.take_interrupt()) interrupt();
      if (state_changed_) show_prompt();
    }
    console_.on_state_change = {};
    console_.session().detach();
    return 0;
  }

 private:
  bool read_input() {
    char bytes[4096];
    const ssize_t size = read(STDIN_FILENO, bytes, sizeof bytes);
    if (size <= 0) return false;
    input_.append(bytes, static_cast<std::size_t>(size));
    for (auto end = input_.find('\n'); end != std::string::npos && !done_; end = input_.find('\n')) {
      const std::string line = input_.substr(0, end);
      input_.erase(0, end + 1);
      take_line(line);
    }
    return true;
  }

  void take_line(const std::string& line) {
    if (line == interrupt_line) {
      command_.clear();
      interrupt();
      show_prompt();
      return;
    }
    command_ += command_.empty() ? line : "\n" + line;
    if (open_braces(command_) > 0) return show("> ");
    const std::string command = std::exchange(command_, {});
    // Without a person a repeated command would be an accident.
    if (command.find_first_not_of(" \t\r") != std::string::npos) {
      signals_.take_interrupt();
      done_ = console_.execute(command) == Console::Outcome::quit;
    }
    if (!done_) show_prompt();
  }

  void interrupt() { console_.interrupt(); }

  void show_prompt() {
    state_changed_ = false;
    const bool running = console_.session().state() == SessionState::running;
    show(running ? "running> " : "\n" + console_.prompt());
  }

  void show(const std::string& prompt) {
    console_.write(prompt + ready);
    std::fflush(stdout);
  }

  Console& console_;
  Signals& signals_;
  std::string input_;
  std::string command_;
  bool done_ = false;
  bool state_changed_ = false;
};

}  // namespace

bool wait_for_work(Console& console, const Signals& signals, bool with_input) {
  const int session = console.session().descriptor();
  pollfd entries[] = {
      {signals.descriptor(), POLLIN, 0}, {session, POLLIN, 0}, {with_input ? STDIN_FILENO : -1, POLLIN, 0}};
  // The rings of the VMI Mode cannot be polled; a line needs a look now and then for its timeouts.
  const int milliseconds = session < 0 && console.session().has_target() ? 5 : 50;
  poll(entries, 3, milliseconds);
  return (entries[2].revents & (POLLIN | POLLHUP | POLLERR)) != 0;
}

int run_machine(Console& console, Signals& signals) {
  return Machine(console, signals).run();
}

}  // namespace hyperdbg
