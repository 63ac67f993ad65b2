// SPDX-License-Identifier: MIT
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "lab/machine.hpp"
#include "lab/pattern.hpp"
#include "lab/scenario.hpp"

namespace hyperdbg::lab {

struct Failure {
  unsigned line;  // in the file
  std::string why;
};

// The figures of `events stat`.
struct Statistics {
  using Row = std::map<std::string, unsigned long long>;
  std::vector<std::pair<unsigned long, Row>> events;  // in the table's order
  unsigned long long exits = 0;                       // of the machine
};
Expected<Statistics> parse_statistics(const std::vector<std::string>& lines);

// Plays one file on a machine that is ready for it.
class Player {
 public:
  // typed: hears each line that the player types, with its first character, for the transcript.
  Player(Machine& machine, const Scenario& scenario, double timeout_factor,
         std::function<void(const std::string&)> typed);
  // Plays until the first line that does not hold.
  std::expected<void, Failure> play();

 private:
  Expected<void> play_step(const Step& step);
  Expected<void> type(const Step& step);
  Expected<void> shell(const Step& step);
  Expected<void> expect(const Step& step);
  Expected<void> reject(const Step& step);
  Expected<void> count(const Step& step);
  Expected<void> figure(const Step& step);
  Expected<void> interrupt();
  Expected<void> pause(const Step& step);
  Expected<void> finish();
  Expected<void> look_for_end();

  // Waits until done() holds; false after the time of one line.
  bool wait_until(const std::function<bool()>& done);
  void wait_for_quiet();
  // Starts a new window: what comes from now on is what = ! and * look at.
  void begin_window();
  std::vector<std::size_t> matching(const Pattern& pattern, Captures& captures);
  Expected<Pattern> pattern_of(const Step& step);
  Expected<Statistics> ask_statistics();
  Milliseconds timeout() const;

  Machine& machine_;
  const Scenario& scenario_;
  double factor_;
  std::function<void(const std::string&)> typed_;
  Captures captures_;
  std::size_t window_ = 0;
  std::size_t expected_until_ = 0;  // a break line before this index was waited for or matched
  Time last_action_{};
  unsigned long long exits_before_ = 0;
  bool needs_all_exits_ = false;
};

}  // namespace hyperdbg::lab
