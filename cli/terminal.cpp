// SPDX-License-Identifier: MIT
#include <histedit.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <filesystem>
#include <string>

#include "cli/completion.hpp"
#include "cli/console.hpp"
#include "cli/front_end.hpp"
#include "cli/signals.hpp"

namespace hyperdbg {
namespace {

constexpr int history_lines = 2000;

std::filesystem::path history_path() {
  if (const char* state = std::getenv("XDG_STATE_HOME")) return std::filesystem::path(state) / "hyperdbg/history";
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home == nullptr ? "/root" : home) / ".local/state/hyperdbg/history";
}

class Terminal {
 public:
  Terminal(Console& console, Signals& signals) : console_(console), signals_(signals) {
    std::setlocale(LC_CTYPE, "");
    start_history();
    start_editor();
  }
  ~Terminal() {
    el_end(editor_);
    ::history_end(history_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  int run() {
    console_.on_state_change = [this] { prompt_while_running_ = false; };
    while (!done_ && !signals_.terminated()) {
      if (console_.session().state() == SessionState::running && !prompt_while_running_) {
        watch_running();
      } else {
        take_line();
      }
    }
    console_.on_state_change = {};
    console_.session().detach();
    return 0;
  }

  // Output while a line is being edited goes above it.
  void write(std::string_view text) {
    if (editing_) std::fputs("\r\033[K", stdout);
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
    written_while_editing_ = editing_;
  }

 private:
  void start_history() {
    history_ = ::history_init();
    HistEvent event;
    ::history(history_, &event, H_SETSIZE, history_lines);
    ::history(history_, &event, H_SETUNIQUE, 1);
    std::error_code error;
    std::filesystem::create_directories(history_path().parent_path(), error);
    ::history(history_, &event, H_LOAD, history_path().c_str());
  }

  void start_editor() {
    editor_ = el_init("hyperdbg", stdin, stdout, stderr);
    el_set(editor_, EL_CLIENTDATA, this);
    el_set(editor_, EL_PROMPT, &Terminal::prompt_function);
    el_set(editor_, EL_EDITOR, "emacs");
    el_set(editor_, EL_SIGNAL, 0);
    el_set(editor_, EL_HIST, ::history, history_);
    el_set(editor_, EL_GETCFN, &Terminal::character_function);
    el_set(editor_, EL_ADDFN, "complete-word", "completes the word", &Terminal::completion_function);
    el_set(editor_, EL_BIND, "^I", "complete-word", nullptr);
    el_set(editor_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
    el_source(editor_, nullptr);
  }

  static Terminal& of(EditLine* editor) {
    void* self = nullptr;
    el_get(editor, EL_CLIENTDATA, &self);
    return *static_cast<Terminal*>(self);
  }
  static char* prompt_function(EditLine* editor) { return of(editor).shown_prompt_.data(); }
  static int character_function(EditLine* editor, wchar_t* character) { return of(editor).next_character(character); }
  static unsigned char completion_function(EditLine* editor, int) { return of(editor).complete_word(); }

  // The session gets its time while the person thinks.
  int next_character(wchar_t* character) {
    for (;;) {
      const bool input = wait_for_work(console_, signals_, true);
      written_while_editing_ = false;
      console_.idle();
      const LineInfo* line = el_line(editor_);
      interrupted_empty_ = line->lastchar == line->buffer;
      if (signals_.terminated() || signals_.interrupted()) return -1;
      if (prompt() != shown_prompt_) return -1;  // halted or ended meanwhile: another prompt is due
      if (written_while_editing_) el_set(editor_, EL_REFRESH);
      if (input) return read_character(character);
    }
  }

  static int read_character(wchar_t* character) {
    std::mbstate_t state{};
    for (;;) {
      char byte = 0;
      if (read(STDIN_FILENO, &byte, 1) != 1) return 0;
      const std::size_t used = std::mbrtowc(character, &byte, 1, &state);
      if (used == static_cast<std::size_t>(-2)) continue;
      if (used == static_cast<std::size_t>(-1)) *character = static_cast<unsigned char>(byte);
      return 1;
    }
  }

  std::string prompt() const {
    if (!command_.empty()) return "> ";
    return console_.session().state() == SessionState::running ? "running> " : console_.prompt();
  }

  void take_line() {
    if (command_.empty()) write("\n");
    shown_prompt_ = prompt();
    editing_ = true;
    int size = 0;
    const char* typed = el_gets(editor_, &size);
    editing_ = false;
    if (typed != nullptr && size > 0) return handle_line(std::string(typed, static_cast<std::size_t>(size)));
    write("\n");
    if (signals_.take_interrupt()) {
      const bool nothing_typed = command_.empty() && interrupted_empty_;
      command_.clear();
      if (nothing_typed) console_.interrupt();
      return;
    }
    if (signals_.terminated() || prompt() != shown_prompt_) return;
    done_ = true;  // Ctrl+D
  }

  void handle_line(std::string line) {
    if (line.ends_with('\n')) line.pop_back();
    command_ += command_.empty() ? line : "\n" + line;
    if (open_braces(command_) > 0) return;
    const std::string command = std::exchange(command_, {});
    remember(command);
    signals_.take_interrupt();
    done_ = console_.execute(command) == Console::Outcome::quit;
    signals_.take_interrupt();
  }

  void remember(std::string command) {
    if (command.find_first_not_of(" \t") == std::string::npos) return;
    for (char& c : command)
      if (c == '\n') c = ' ';
    HistEvent event;
    ::history(history_, &event, H_ENTER, command.c_str());
    ::history(history_, &event, H_SAVE, history_path().c_str());
  }

  // No prompt: only messages, a halt, or Ctrl+C.
  void watch_running() {
    bool asked = false;
    while (console_.session().state() == SessionState::running && !signals_.terminated()) {
      wait_for_work(console_, signals_, false);
      console_.idle();
      if (!signals_.take_interrupt() || console_.session().state() != SessionState::running) continue;
      if (!asked) {
        asked = console_.interrupt() == Console::Outcome::ok;
        if (asked) continue;
      } else {
        console_.print(
            "the debuggee was asked to halt, but has not done so yet. '.debug close' or 'exit' leaves it alone\n");
      }
      prompt_while_running_ = true;
      return;
    }
  }

  unsigned char complete_word() {
    const LineInfo* info = el_line(editor_);
    const std::string_view line(info->buffer, static_cast<std::size_t>(info->cursor - info->buffer));
    static const SymbolTable no_symbols;
    const bool with_symbols = console_.session().has_target();
    const auto words = complete(line, with_symbols ? console_.session().symbols_for(last_word(line)) : no_symbols);
    const std::string_view word = last_word(line);
    const std::string common = common_prefix(words);
    if (words.empty()) return CC_REFRESH_BEEP;
    if (common.size() > word.size()) {
      const std::string rest = common.substr(word.size()) + (words.size() == 1 ? " " : "");
      return el_insertstr(editor_, rest.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
    }
    if (words.size() == 1) return CC_REFRESH_BEEP;
    std::string list = "\n";
    for (const std::string& candidate : words) list += candidate + "  ";
    std::fputs((list + "\n").c_str(), stdout);
    return CC_REDISPLAY;
  }

  Console& console_;
  Signals& signals_;
  EditLine* editor_ = nullptr;
  ::History* history_ = nullptr;
  std::string shown_prompt_;
  std::string command_;
  bool editing_ = false;
  bool written_while_editing_ = false;
  bool interrupted_empty_ = false;
  bool prompt_while_running_ = false;
  bool done_ = false;

  friend int hyperdbg::run_terminal(Console&, Signals&);
};

Terminal* current = nullptr;

}  // namespace

int run_terminal(Console& console, Signals& signals) {
  console.settings_file = settings_path();
  load_settings(console.settings(), console.settings_file);
  console.apply_settings();
  Terminal terminal(console, signals);
  current = &terminal;
  console.set_write([](std::string_view text) { current->write(text); });
  const int code = terminal.run();
  console.set_write([](std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  });
  current = nullptr;
  return code;
}

}  // namespace hyperdbg
