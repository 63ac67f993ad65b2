// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cli/command.hpp"
#include "cli/render/disassembly.hpp"
#include "cli/settings.hpp"
#include "session/session.hpp"

namespace hyperdbg {

/*
 * Between a front end (terminal, machine, file) and the session: runs lines, prints what comes back. All output goes
 * through one function, so that a test, a file or a terminal can take it.
 */
class Console final : public SessionListener {
 public:
  using Write = std::function<void(std::string_view)>;
  enum class Outcome { ok, failed, quit };

  explicit Console(Write write);

  // One command, with all its lines if braces were open. Prints its output and errors.
  Outcome execute(std::string_view line);
  // Ctrl+C while the debuggee runs.
  Outcome interrupt();
  // Gives the session its time: what arrived is printed. Call it often.
  void idle();

  std::string prompt() const;
  Session& session() { return session_; }
  Settings& settings() { return settings_; }
  // After a change: what the session has to know of them.
  void apply_settings() { session_.set_fuel(settings_.fuel); }
  // Where changed settings are kept; nowhere if empty.
  std::filesystem::path settings_file;
  // Throws unseen messages away, and says how many.
  void flush();
  // VMI Mode: stops and starts showing messages.
  void pause_messages();
  void resume_messages();

  template <class... Arguments>
  void print(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    write(fmt::format(format, std::forward<Arguments>(arguments)...));
  }
  // Text as it is; a script's unfinished line before it is ended first.
  void write(std::string_view text);
  void report(const Error& error);

  void set_write(Write write) { write_ = std::move(write); }

  // The instruction at which the debuggee stands, with its label.
  std::string current_instruction();
  NameOf name_of();

  // `.connect local` was said: `load` may follow.
  bool local = false;
  // This machine was prepared as a debuggee.
  bool debuggee = false;

  void request_quit() { quit_ = true; }
  bool cancelled() const { return cancelled_ && cancelled_(); }
  void set_cancelled(std::function<bool()> cancelled);

  void on_text(std::string_view text) override;
  void on_notice(std::string_view line) override;
  void on_halt(const hyperdbg_halted& halted) override;
  void on_end(std::string_view why) override;
  // Called when the debuggee halted or the session ended on its own: a front end shows its prompt anew.
  std::function<void()> on_state_change;

 private:
  Outcome run(const CommandLine& line);
  Expected<void> check_needs(const Command& command) const;
  void end_unfinished_line();

  Write write_;
  std::function<bool()> cancelled_;
  std::string unfinished_;  // what a script printed since its last line end
  std::chrono::steady_clock::time_point unfinished_since_;
  std::string last_line_;  // for the empty line
  bool quit_ = false;
  Settings settings_;
  Session session_;
};

// The words of a line and the text behind its first word.
CommandLine read_command_line(std::string_view line);

}  // namespace hyperdbg
