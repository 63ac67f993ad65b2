// SPDX-License-Identifier: MIT
#include "lab/player.hpp"

#include <algorithm>

namespace hyperdbg::lab {
namespace {

constexpr Milliseconds quiet_time{500};
constexpr Milliseconds slice{50};

bool counts(const OutputLine& line) {
  return !line.hidden && (line.source == Source::debugger || line.source == Source::guest);
}

bool is_background(const std::string& command) {
  return command.ends_with(" &");
}

bool is_break_line(const OutputLine& line) {
  return counts(line) && line.source == Source::debugger && line.text.find(" triggered (") != line.text.npos;
}

bool holds(unsigned long long left, const std::string& comparison, unsigned long long right) {
  if (comparison == "==") return left == right;
  if (comparison == "!=") return left != right;
  return comparison == "<=" ? left <= right : left >= right;
}

}  // namespace

Player::Player(Machine& machine, const Scenario& scenario, double timeout_factor,
               std::function<void(const std::string&)> typed)
    : machine_(machine), scenario_(scenario), factor_(timeout_factor), typed_(std::move(typed)) {
  needs_all_exits_ = std::ranges::any_of(scenario.steps, [](const Step& step) {
    return step.kind == StepKind::figure && step.text.find(" all ") != step.text.npos;
  });
}

std::expected<void, Failure> Player::play() {
  if (scenario_.ending != Ending::none) machine_.expect_end();
  begin_window();
  unsigned line = 1;
  for (const Step& step : scenario_.steps) {
    line = step.line;
    auto played = machine_.broken() ? Expected<void>{} : play_step(step);
    if (const auto broken = machine_.broken()) return std::unexpected(Failure{line, *broken});
    if (!played) return std::unexpected(Failure{line, played.error().message});
  }
  if (auto finished = finish(); !finished) return std::unexpected(Failure{line, finished.error().message});
  return {};
}

Expected<void> Player::play_step(const Step& step) {
  switch (step.kind) {
    case StepKind::type:
      return type(step);
    case StepKind::shell:
      return shell(step);
    case StepKind::expect:
      return expect(step);
    case StepKind::reject:
      return reject(step);
    case StepKind::count:
      return count(step);
    case StepKind::figure:
      return figure(step);
    case StepKind::interrupt:
      return interrupt();
    case StepKind::pause:
      return pause(step);
  }
  return {};
}

Milliseconds Player::timeout() const {
  return Milliseconds(static_cast<long>(scenario_.timeout * factor_ * 1000));
}

bool Player::wait_until(const std::function<bool()>& done) {
  const Time end = machine_.now() + timeout();
  while (!done()) {
    if (machine_.broken() || machine_.now() >= end) return false;
    machine_.wait(slice);
  }
  return true;
}

void Player::wait_for_quiet() {
  const Time end = machine_.now() + timeout();
  std::size_t seen = machine_.output().bytes();
  Time since = machine_.now();
  while (machine_.now() < end && machine_.now() - since < quiet_time && !machine_.broken()) {
    machine_.wait(slice);
    if (machine_.output().bytes() == seen) continue;
    seen = machine_.output().bytes();
    since = machine_.now();
  }
}

void Player::begin_window() {
  machine_.output().close(Source::guest);
  window_ = machine_.output().lines().size();
}

Expected<void> Player::type(const Step& step) {
  const std::string command = TRY_EXPECTED(replace_captures(step.text, captures_, Quoting::none));
  begin_window();
  const unsigned before = machine_.prompts();
  typed_("> " + command);
  TRY_EXPECTED(machine_.type(command));
  if (!wait_until([&] { return machine_.prompts() > before; }))
    return fail("the debugger did not ask for the next line");
  return {};
}

Expected<void> Player::shell(const Step& step) {
  const std::string command = TRY_EXPECTED(replace_captures(step.text, captures_, Quoting::none));
  if (!wait_until([&] { return !machine_.shell_busy(); })) {
    return fail("the guest's shell is still busy with the command before");
  }
  if (needs_all_exits_) exits_before_ = TRY_EXPECTED(ask_statistics()).exits;
  begin_window();
  typed_("$ " + command);
  TRY_EXPECTED(machine_.run_in_guest(command));
  if (is_background(command)) return {};
  if (!wait_until([&] { return !machine_.shell_busy() || machine_.halted(); })) return fail("the command does not end");
  expected_until_ = machine_.output().lines().size();
  return {};
}

Expected<Pattern> Player::pattern_of(const Step& step) {
  return Pattern::create(TRY_EXPECTED(replace_captures(step.text, captures_, Quoting::pattern)));
}

std::vector<std::size_t> Player::matching(const Pattern& pattern, Captures& captures) {
  std::vector<std::size_t> found;
  const auto& lines = machine_.output().lines();
  for (std::size_t i = window_; i < lines.size(); i++) {
    // The first match is the one whose captures count.
    Captures unused;
    if (counts(lines[i]) && pattern.matches(lines[i].text, found.empty() ? captures : unused)) found.push_back(i);
  }
  return found;
}

Expected<void> Player::expect(const Step& step) {
  const Pattern pattern = TRY_EXPECTED(pattern_of(step));
  std::vector<std::size_t> found;
  wait_until([&] {
    found = matching(pattern, captures_);
    return !found.empty();
  });
  if (found.empty()) return fail("nothing matches");
  if (machine_.output().lines()[found.front()].open) {
    // A line that is still growing could yet change what is captured.
    wait_for_quiet();
    found = matching(pattern, captures_);
    if (found.empty()) return fail("nothing matches");
  }
  expected_until_ = std::max(expected_until_, found.back() + 1);
  return {};
}

Expected<void> Player::reject(const Step& step) {
  const Pattern pattern = TRY_EXPECTED(pattern_of(step));
  wait_for_quiet();
  Captures unused;
  const auto found = matching(pattern, unused);
  if (!found.empty()) return fail("`{}` matches", machine_.output().lines()[found.front()].text);
  return {};
}

Expected<void> Player::count(const Step& step) {
  const Pattern pattern = TRY_EXPECTED(pattern_of(step));
  // On a busy machine the debugger may pause for longer than quiet lasts.
  wait_until([&] { return matching(pattern, captures_).size() >= step.count; });
  wait_for_quiet();
  const auto found = matching(pattern, captures_);
  if (found.size() != step.count) return fail("{} lines match, not {}", found.size(), step.count);
  if (!found.empty()) expected_until_ = std::max(expected_until_, found.back() + 1);
  return {};
}

Expected<Statistics> Player::ask_statistics() {
  const unsigned before = machine_.prompts();
  machine_.output().close(Source::debugger);
  machine_.output().hide(Source::debugger, true);
  const std::size_t first = machine_.output().lines().size();
  auto typed = machine_.type("events stat");
  const bool answered = typed && wait_until([&] { return machine_.prompts() > before; });
  machine_.output().close(Source::debugger);
  machine_.output().hide(Source::debugger, false);
  if (!typed) return std::unexpected(typed.error());
  if (!answered) return fail("the debugger does not answer `events stat`");
  std::vector<std::string> lines;
  for (std::size_t i = first; i < machine_.output().lines().size(); i++) {
    const OutputLine& line = machine_.output().lines()[i];
    if (line.source == Source::debugger) lines.push_back(line.text);
  }
  return parse_statistics(lines);
}

Expected<void> Player::figure(const Step& step) {
  const std::string text = TRY_EXPECTED(replace_captures(step.text, captures_, Quoting::pattern));
  const Figure wanted = TRY_EXPECTED(parse_figure(text));
  Statistics statistics = TRY_EXPECTED(ask_statistics());
  unsigned long long actual = 0;
  if (wanted.all) {
    actual = statistics.exits - exits_before_;
  } else {
    auto row = std::ranges::find(statistics.events, wanted.id, &std::pair<unsigned long, Statistics::Row>::first);
    if (row == statistics.events.end() && wanted.id < statistics.events.size())
      row = statistics.events.begin() + wanted.id;
    if (row == statistics.events.end()) return fail("there is no event {:x}", wanted.id);
    actual = row->second[wanted.name];
  }
  typed_(fmt::format("@ {} is {}", step.text, actual));
  if (!holds(actual, wanted.comparison, wanted.value)) return fail("it is {}", actual);
  return {};
}

Expected<void> Player::interrupt() {
  begin_window();
  const unsigned before = machine_.prompts();
  typed_("^C");
  TRY_EXPECTED(machine_.interrupt());
  const bool vmi = scenario_.needs.mode == Mode::vmi;
  if (!wait_until([&] { return vmi ? machine_.prompts() > before : machine_.halted(); })) {
    return fail("the debuggee does not halt");
  }
  expected_until_ = machine_.output().lines().size();
  return {};
}

Expected<void> Player::pause(const Step& step) {
  begin_window();
  typed_(fmt::format("~ {}", step.text));
  const Time end = machine_.now() + Milliseconds(static_cast<long>(step.seconds * 1000));
  while (machine_.now() < end && !machine_.broken()) machine_.wait(slice);
  return {};
}

// Whoever says the last words: they are on the console, at the debugger or both.
Expected<void> Player::look_for_end() {
  const Pattern pattern = TRY_EXPECTED(Pattern::create(scenario_.last_words));
  const auto said = [&] {
    Captures unused;
    return std::ranges::any_of(machine_.output().lines(), [&](const OutputLine& line) {
      return !line.hidden && pattern.matches(line.text, unused);
    });
  };
  if (!wait_until(said)) return fail("the machine does not end with `{}`", scenario_.last_words);
  const bool gone = scenario_.ending == Ending::gone;
  if (gone) wait_until([&] { return machine_.gone(); });
  wait_for_quiet();
  if (machine_.gone() == gone) return {};
  return fail("{}", gone ? "the machine is still there" : "the machine was reset or powered off");
}

// A halt that no line of the file waited for or looked at is not what the file says happens.
Expected<void> Player::finish() {
  if (scenario_.ending != Ending::none) return look_for_end();
  wait_for_quiet();
  if (const auto broken = machine_.broken()) return fail("{}", *broken);
  if (!machine_.halted()) return {};
  const auto& lines = machine_.output().lines();
  for (std::size_t i = std::max(window_, expected_until_); i < lines.size(); i++) {
    if (is_break_line(lines[i])) return fail("unexpected halt at the end: {}", lines[i].text);
  }
  return {};
}

}  // namespace hyperdbg::lab
