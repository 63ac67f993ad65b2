// SPDX-License-Identifier: MIT
#include "cli/console.hpp"

#include <algorithm>

#include "abi/status.h"
#include "cli/render/events.hpp"
#include "session/status_text.hpp"

namespace hyperdbg {
namespace {

// A script's line may arrive in pieces; what is not continued for so long is shown as it is.
constexpr std::chrono::milliseconds unfinished_patience{200};

constexpr std::string_view blanks = " \t\r\n";

std::string_view trim(std::string_view text) {
  const auto first = std::min(text.find_first_not_of(blanks), text.size());
  text.remove_prefix(first);
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

}  // namespace

CommandLine read_command_line(std::string_view line) {
  line = trim(line);
  // `?` and `~` may touch what follows.
  const bool touching = line.starts_with('?') || line.starts_with('~');
  const std::size_t end = touching ? 1 : std::min(line.find_first_of(" \t\r\n{"), line.size());
  CommandLine read;
  read.rest = trim(line.substr(end));
  read.tokens = split_tokens(line.substr(end));
  read.tokens.insert(read.tokens.begin(), Token{Token::Kind::word, std::string(line.substr(0, end))});
  return read;
}

Console::Console(Write write) : write_(std::move(write)), session_(*this) {}

void Console::set_cancelled(std::function<bool()> cancelled) {
  cancelled_ = std::move(cancelled);
  session_.set_cancelled(cancelled_);
}

Console::Outcome Console::execute(std::string_view line) {
  // A comment may stand on a line of its own; without any word the last command may be repeated.
  const std::string text(trim(line));
  if (text.empty()) {
    if (last_line_.empty()) return Outcome::ok;
    const std::string again = last_line_;
    return run(read_command_line(again));
  }
  if (text.starts_with('#') || split_tokens(text).empty()) return Outcome::ok;
  const CommandLine read = read_command_line(text);
  const Command* command = find_command(read.tokens[0].text);
  last_line_ = command != nullptr && command->on_empty_line == OnEmptyLine::repeats ? text : "";
  return run(read);
}

Console::Outcome Console::run(const CommandLine& line) {
  const std::string& name = line.tokens[0].text;
  const Command* command = find_command(name);
  Expected<void> done;
  if (command == nullptr) {
    done = unknown_command(name);
  } else {
    done = check_needs(*command);
    if (done) done = command->run(*this, line);
  }
  idle();
  if (!done) {
    report(done.error());
    if (done.error().kind == ErrorKind::usage && command != nullptr) write("\n" + help_of(*command));
    return Outcome::failed;
  }
  return quit_ ? Outcome::quit : Outcome::ok;
}

Expected<void> Console::check_needs(const Command& command) const {
  const SessionState state = session_.state();
  if (state == SessionState::running && command.while_running == WhileRunning::refused)
    return std::unexpected(status_error(HYPERDBG_NOT_HALTED));
  if (command.needs == Needs::nothing || state == SessionState::halted || state == SessionState::running) return {};
  if (state == SessionState::none && local) return fail("err, the vmm module is not loaded; use 'load vmm'");
  if (state == SessionState::none)
    return fail("err, you're not connected to any instance of HyperDbg, did you use '.connect' or '.debug'?");
  if (command.needs == Needs::halted)
    return fail("err, '{}' needs a halted debuggee, which the VMI Mode does not have; see 'help .debug'", command.name);
  return {};
}

Console::Outcome Console::interrupt() {
  if (session_.state() == SessionState::vmi && !session_.paused()) pause_messages();
  if (session_.state() != SessionState::running) return Outcome::ok;
  print("pausing...\n");
  const auto asked = session_.halt();
  if (asked) return Outcome::ok;
  if (asked.error().kind == ErrorKind::cancelled)
    print("err, the debuggee does not answer. '.debug close' leaves it alone\n");
  else
    report(asked.error());
  return Outcome::failed;
}

void Console::flush() {
  print("{}\n", flushed_line(session_.flush()));
}

void Console::pause_messages() {
  session_.pause_messages();
  print("pausing...\nmessages are not shown from now on, and are lost; the events stay active. auto-unpause is {}\n",
        settings_.auto_unpause
            ? "enabled: messages are shown again after a new event, or 'g' ('settings autounpause off' "
              "changes this)"
            : "disabled: messages are shown again after 'g' ('settings autounpause on' changes this)");
}

void Console::resume_messages() {
  const std::size_t lost = session_.resume_messages();
  if (lost != 0) print("{} {} thrown away meanwhile\n", lost, lost == 1 ? "message was" : "messages were");
}

void Console::idle() {
  session_.pump();
  if (!unfinished_.empty() && std::chrono::steady_clock::now() - unfinished_since_ > unfinished_patience)
    end_unfinished_line();
}

std::string Console::prompt() const {
  if (session_.state() == SessionState::halted) return fmt::format("{:x}: kHyperDbg> ", session_.core());
  return "HyperDbg> ";
}

void Console::end_unfinished_line() {
  if (unfinished_.empty()) return;
  write_(std::exchange(unfinished_, {}) + "\n");
}

void Console::write(std::string_view text) {
  end_unfinished_line();
  write_(text);
}

void Console::report(const Error& error) {
  write(error.message.ends_with('\n') ? error.message : error.message + "\n");
}

NameOf Console::name_of() {
  if (!settings_.address_conversion) return {};
  return [this](std::uint64_t address) { return session_.name_of(address); };
}

std::string Console::current_instruction() {
  const hyperdbg_halted& halted = session_.halted();
  DisassemblyOptions options;
  options.bits = halted.bits;
  options.syntax = settings_.syntax;
  options.name_of = name_of();
  options.rflags = halted.rflags;
  const auto size = std::min<std::size_t>(halted.code_size, sizeof halted.code);
  const std::span<const std::uint8_t> code(halted.code, size);
  if (code.empty()) return fmt::format("{:016x}: the code there cannot be read\n", halted.rip);
  std::string text;
  if (const auto name = options.name_of ? options.name_of(halted.rip) : std::nullopt) text = *name + ":\n";
  return text + render_instruction(halted.rip, code, options).line;
}

void Console::on_text(std::string_view text) {
  const auto end = text.rfind('\n');
  if (end == std::string_view::npos) {
    if (unfinished_.empty()) unfinished_since_ = std::chrono::steady_clock::now();
    unfinished_ += text;
    return;
  }
  write_(std::exchange(unfinished_, {}) + std::string(text.substr(0, end + 1)));
  unfinished_since_ = std::chrono::steady_clock::now();
  unfinished_ = text.substr(end + 1);
}

void Console::on_notice(std::string_view line) {
  write(std::string(line) + "\n");
}

void Console::on_halt(const hyperdbg_halted& halted) {
  write(render_halt_reason(halted) + current_instruction());
  if (on_state_change) on_state_change();
}

void Console::on_end(std::string_view why) {
  write(std::string(why) + "\n");
  if (on_state_change) on_state_change();
}

}  // namespace hyperdbg
