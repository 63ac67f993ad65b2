// SPDX-License-Identifier: MIT
#include "lab/guest.hpp"

#include <poll.h>
#include <unistd.h>

#include <regex>

namespace hyperdbg::lab {
namespace {

constexpr char end_of_command = '\x1e';  // before the exit status, from lab/guest/agent
constexpr char ready_for_line = '\x05';  // behind every prompt of `hyperdbg --machine`
constexpr Milliseconds slice{50};
constexpr Milliseconds last_words_time{2000};
constexpr const char* continuation_prompt = "> ";

}  // namespace

std::size_t before_prompt(std::string_view line) {
  static const std::regex prompt("((([0-9a-f]+: k)?HyperDbg|running)?> ?)$");
  std::cmatch match;
  if (!std::regex_search(line.data(), line.data() + line.size(), match, prompt)) return line.size();
  return static_cast<std::size_t>(match.position(0));
}

Expected<std::unique_ptr<Guest>> Guest::boot(const Files& files, const MachineNeeds& needs,
                                             const EmulatorOptions& options, Milliseconds patience) {
  std::unique_ptr<Guest> guest(new Guest(files, needs));
  guest->emulator_ = TRY_EXPECTED(start_emulator(files, needs, options));
  TRY_EXPECTED(guest->connect(patience));
  return guest;
}

Expected<void> Guest::connect(Milliseconds patience) {
  const Time end = now() + patience;
  while (!shell_.is_open()) {
    if (!emulator_->running()) return fail("the emulator does not start:\n{}", emulator_->complaints());
    if (now() > end) return fail("the emulator does not open its sockets");
    auto shell = connect_socket(emulator_->shell_socket());
    if (shell) shell_ = std::move(*shell);
    usleep(10000);
  }
  console_ = TRY_EXPECTED(connect_socket(emulator_->console_socket()));
  if (needs_.mode == Mode::vmi) line_ = TRY_EXPECTED(connect_socket(emulator_->debugger_socket()));
  if (!wait_until(patience, [this] { return shell_pending_ == 0; })) {
    return fail("the guest does not come up: {}\n{}{}", broken_.value_or("no answer from its shell"), console_text_,
                emulator_->complaints());
  }
  return {};
}

// In VMI Mode the debugger is at the other end of the guest's second serial line.
int Guest::debugger_input() const {
  return debugger_ ? debugger_->input() : line_.get();
}
int Guest::debugger_output() const {
  return debugger_ ? debugger_->output() : line_.get();
}

bool Guest::wait_until(Milliseconds patience, const std::function<bool()>& done) {
  const Time end = now() + patience;
  while (!done()) {
    if (broken_ || now() > end) return false;
    wait(slice);
  }
  return true;
}

Expected<void> Guest::type(std::string_view text) {
  if (debugger_input() < 0) return fail("no debugger is running: the machine is bare");
  const std::string line = std::string(text) + "\n";
  traffic_ += line;
  return write_all(debugger_input(), line);
}

Expected<void> Guest::interrupt() {
  return type("\x03");
}

Expected<void> Guest::run_in_guest(std::string_view text) {
  shell_pending_++;
  return write_all(shell_.get(), std::string(text) + "\n");
}

// Returns when the person's shell has prompted: whoever closes the channel before that loses what was not read yet.
Expected<void> Guest::give_shell_away() {
  // The agent leads its session; by opening the line it gets it as its terminal, so that Ctrl+C reaches what runs
  // there.
  TRY_EXPECTED(write_all(shell_.get(), "t=$(tty); exec sh -c \"exec sh /lib/hyperdbg/shell <$t >$t 2>&1\"\n"));
  std::string seen;
  const Time end = now() + Milliseconds(20000);
  while (seen.find("debuggee# ") == seen.npos) {
    pollfd readable{shell_.get(), POLLIN, 0};
    if (now() > end) return fail("the guest's shell does not come up");
    if (poll(&readable, 1, 100) <= 0) continue;
    char buffer[256];
    const ssize_t count = read(shell_.get(), buffer, sizeof(buffer));
    if (count <= 0) return fail("the guest's shell channel is closed");
    seen.append(buffer, static_cast<std::size_t>(count));
  }
  return {};
}

void Guest::wait(Milliseconds time) {
  collect(time);
  look_for_trouble();
}

void Guest::collect(Milliseconds time) {
  std::vector<pollfd> descriptors;
  for (const int descriptor : {console_.get(), shell_.get(), debugger_output()}) {
    descriptors.push_back({descriptor, POLLIN, 0});
  }
  if (poll(descriptors.data(), descriptors.size(), static_cast<int>(time.count())) > 0) {
    if (descriptors[0].revents) read_from(console_.get(), [this](std::string_view bytes) { take_console(bytes); });
    if (descriptors[1].revents) read_from(shell_.get(), [this](std::string_view bytes) { take_shell(bytes); });
    if (descriptors[2].revents &&
        !read_from(debugger_output(), [this](std::string_view bytes) { take_debugger(bytes); })) {
      usleep(1000);  // its end is noticed once it has been reaped
    }
  }
}

bool Guest::read_from(int descriptor, const std::function<void(std::string_view)>& take) {
  char buffer[65536];
  const ssize_t count = read(descriptor, buffer, sizeof(buffer));
  if (count > 0) take({buffer, static_cast<std::size_t>(count)});
  return count > 0;
}

void Guest::take_console(std::string_view bytes) {
  console_text_ += bytes;
  output_.append(Source::console, bytes);
}

void Guest::take_shell(std::string_view bytes) {
  for (const char byte : bytes) {
    if (byte == end_of_command) {
      output_.close(Source::guest);
      in_marker_ = true;
      marker_.clear();
    } else if (!in_marker_) {
      output_.append(Source::guest, {&byte, 1});
    } else if (byte == '\n') {
      in_marker_ = false;
      last_status_ = atoi(marker_.c_str());
      if (shell_pending_ > 0) shell_pending_--;
    } else {
      marker_ += byte;
    }
  }
}

void Guest::take_debugger(std::string_view bytes) {
  traffic_ += bytes;
  while (!bytes.empty()) {
    const auto ready = bytes.find(ready_for_line);
    output_.append(Source::debugger, bytes.substr(0, ready));
    if (ready == bytes.npos) return;
    take_prompt();
    bytes.remove_prefix(ready + 1);
  }
}

void Guest::take_prompt() {
  const std::string prompt = output_.take_open(Source::debugger, before_prompt);
  if (prompt == continuation_prompt) return;
  halted_ = prompt.find("kHyperDbg") != prompt.npos;
  prompts_++;
}

void Guest::look_for_trouble() {
  static const std::regex trouble(
      "Kernel panic|Oops:|BUG: |kernel BUG at|general protection fault|Unable to handle|double fault");
  if (broken_ || end_expected_) return;
  const auto line_end = console_text_.rfind('\n');
  if (line_end != console_text_.npos && line_end > console_checked_) {
    std::smatch match;
    const std::string fresh = console_text_.substr(console_checked_, line_end - console_checked_);
    console_checked_ = line_end;
    if (std::regex_search(fresh, match, trouble)) {
      break_down("the guest's kernel says: " + match.str() +
                 match.suffix().str().substr(0, match.suffix().str().find('\n')));
      // The rest of the report, and what the debugger says to it, belong to the transcript.
      for (const Time end = now() + last_words_time; now() < end;) collect(slice);
    }
  }
  if (!emulator_->running()) break_down("the machine has stopped: the emulator ended. " + emulator_->complaints());
  if (debugger_ && debugger_->status() && !debugger_may_end_) {
    break_down(fmt::format("the debugger ended with status {}", *debugger_->status()));
  }
}

void Guest::break_down(std::string why) {
  if (!broken_) broken_ = std::move(why);
}

Expected<std::string> Guest::ask_guest(std::string_view text, Milliseconds patience) {
  if (!wait_until(patience, [this] { return shell_pending_ == 0; })) return fail("the guest's shell does not answer");
  output_.close(Source::guest);
  output_.hide(Source::guest, true);
  const std::size_t first = output_.lines().size();
  TRY_EXPECTED(run_in_guest(text));
  const bool ended = wait_until(patience, [this] { return shell_pending_ == 0; });
  output_.close(Source::guest);
  output_.hide(Source::guest, false);
  std::string answer;
  for (std::size_t i = first; i < output_.lines().size(); i++) {
    if (output_.lines()[i].source == Source::guest) answer += output_.lines()[i].text + "\n";
  }
  if (!ended) return fail("`{}` does not end in the guest{}", text, broken_ ? ": " + *broken_ : "");
  if (last_status_ != 0) return fail("`{}` failed in the guest with status {}: {}", text, last_status_, answer);
  return answer;
}

}  // namespace hyperdbg::lab
