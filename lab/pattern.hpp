// SPDX-License-Identifier: MIT
#pragma once
#include <map>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "session/error.hpp"

namespace hyperdbg::lab {

using Captures = std::map<std::string, std::string>;

// An ECMAScript regular expression with named groups, which std::regex lacks: (?<name>...).
class Pattern {
 public:
  static Expected<Pattern> create(std::string_view text);
  // Searches within one line; what the named groups found goes to captures.
  bool matches(const std::string& line, Captures& captures) const;

 private:
  std::regex expression_;
  std::vector<std::pair<std::string, unsigned>> groups_;
};

enum class Quoting { none, pattern };

// Replaces ${name} by what was captured under that name; in a pattern the text stands for itself. Unknown names stay
// as they are where the shell may mean its own variable (Quoting::none), and are an error in a pattern.
Expected<std::string> replace_captures(std::string_view text, const Captures& captures, Quoting quoting);

}  // namespace hyperdbg::lab
