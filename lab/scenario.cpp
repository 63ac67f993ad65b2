// SPDX-License-Identifier: MIT
#include "lab/scenario.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

namespace hyperdbg::lab {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

template <class Number>
bool parse_number(std::string_view text, Number& number, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc{} && end == text.data() + text.size();
}

bool parse_number(std::string_view text, double& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream stream{std::string(text)};
  for (std::string line; std::getline(stream, line);) {
    if (line.ends_with('\r')) line.pop_back();
    lines.push_back(std::move(line));
  }
  return lines;
}

class Parser {
 public:
  Parser(std::string_view text, const std::filesystem::path& file, unsigned cpus) : lines_(split_lines(text)) {
    scenario_.file = file;
    scenario_.needs.cpus = cpus;
  }

  Expected<Scenario> run() {
    while (next_ < lines_.size()) {
      const unsigned number = static_cast<unsigned>(next_) + 1;
      const std::string line = lines_[next_++];
      if (trimmed(line).empty() || line[0] == '#') continue;
      if (auto parsed = parse_line(line, number); !parsed) {
        return fail("{}:{}: {}", scenario_.file.string(), number, parsed.error().message);
      }
    }
    return std::move(scenario_);
  }

 private:
  Expected<void> parse_line(const std::string& line, unsigned number) {
    const std::string_view rest = trimmed(std::string_view(line).substr(1));
    switch (line[0]) {
      case '>':
        return parse_typed(line, number);
      case '$':
        return add({StepKind::shell, number, std::string(rest)}, "a command for the guest's shell");
      case '=':
        return add({StepKind::expect, number, std::string(rest)}, "a regular expression");
      case '!':
        return add({StepKind::reject, number, std::string(rest)}, "a regular expression");
      case '*':
        return parse_count(line, number);
      case '@':
        return add({StepKind::figure, number, std::string(rest)}, "NAME ID OP VALUE");
      case '~':
        return parse_pause(rest, number);
    }
    if (trimmed(line) == "^C") return add({StepKind::interrupt, number, "^C"}, "");
    if (!scenario_.steps.empty()) return fail("a line starts with > $ = ! *N @ ^C ~ or #, not with `{}`", line);
    return parse_header(line);
  }

  Expected<void> add(Step step, std::string_view missing) {
    if (step.text.empty()) return fail("after the first character comes {}", missing);
    scenario_.steps.push_back(std::move(step));
    return {};
  }

  // While braces are open the following lines belong to the command, as they are.
  Expected<void> parse_typed(const std::string& line, unsigned number) {
    std::string command = line.substr(line.starts_with("> ") ? 2 : 1);
    while (open_braces(command) > 0) {
      if (next_ == lines_.size()) return fail("the brace opened here is never closed");
      command += '\n' + lines_[next_++];
    }
    scenario_.steps.push_back({StepKind::type, number, command});
    return {};
  }

  Expected<void> parse_count(const std::string& line, unsigned number) {
    const auto space = line.find(' ');
    Step step{StepKind::count, number, ""};
    if (space == line.npos || !parse_number(std::string_view(line).substr(1, space - 1), step.count)) {
      return fail("after `*` comes a decimal number and a regular expression");
    }
    step.text = trimmed(std::string_view(line).substr(space));
    return add(std::move(step), "a regular expression");
  }

  Expected<void> parse_pause(std::string_view seconds, unsigned number) {
    Step step{StepKind::pause, number, std::string(seconds)};
    if (!parse_number(seconds, step.seconds) || step.seconds < 0) return fail("after `~` comes a number of seconds");
    return add(std::move(step), "");
  }

  Expected<void> parse_header(std::string_view line) {
    const auto colon = line.find(':');
    if (colon == line.npos) return fail("`{}` is neither a header (key: value) nor a line of a scenario", line);
    const std::string_view key = trimmed(line.substr(0, colon));
    std::string_view value = line.substr(colon + 1);
    if (const auto comment = value.find(" #"); comment != value.npos) value = value.substr(0, comment);
    value = trimmed(value);
    if (value.empty()) return fail("header `{}` has no value", key);
    return set_header(key, value);
  }

  Expected<void> set_header(std::string_view key, std::string_view value) {
    if (key == "mode") return set_mode(value);
    if (key == "cpus") {
      if (!parse_number(value, scenario_.needs.cpus) || scenario_.needs.cpus < 1 || scenario_.needs.cpus > 64) {
        return fail("`cpus: {}` is not a number from 1 to 64", value);
      }
    } else if (key == "timeout") {
      if (!parse_number(value, scenario_.timeout) || scenario_.timeout <= 0) {
        return fail("`timeout: {}` is not a number of seconds", value);
      }
    } else if (key == "copy") {
      scenario_.needs.copies.push_back(scenario_.file.parent_path() / value);
    } else if (key == "param") {
      scenario_.needs.parameters.emplace_back(value);
    } else if (key == "end") {
      return set_ending(value);
    } else if (key == "skip") {
      const auto space = value.find_first_of(" \t");
      if (space == value.npos) return fail("`skip:` needs a backend or kernel and a reason");
      scenario_.skips.push_back({std::string(value.substr(0, space)), std::string(trimmed(value.substr(space)))});
    } else {
      return fail("unknown header `{}`; known: mode cpus timeout copy param end skip", key);
    }
    return {};
  }

  Expected<void> set_mode(std::string_view value) {
    if (value != "debugger" && value != "vmi" && value != "bare") {
      return fail("`mode: {}` is neither debugger nor vmi nor bare", value);
    }
    scenario_.needs.mode = value == "vmi" ? Mode::vmi : value == "bare" ? Mode::bare : Mode::debugger;
    return {};
  }

  Expected<void> set_ending(std::string_view value) {
    const auto space = std::min(value.find(' '), value.size());
    const std::string_view how = value.substr(0, space);
    if (how != "stopped" && how != "gone") return fail("`end: {}` starts neither with stopped nor with gone", value);
    scenario_.ending = how == "stopped" ? Ending::stopped : Ending::gone;
    scenario_.last_words = trimmed(value.substr(space));
    if (scenario_.last_words.empty()) return fail("after `end: {}` comes a regular expression", how);
    return {};
  }

  std::vector<std::string> lines_;
  std::size_t next_ = 0;
  Scenario scenario_;
};

}  // namespace

int open_braces(std::string_view text) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); i++) {
    const std::string_view rest = text.substr(i);
    if (rest[0] == '"' || rest[0] == '\'') {
      const char quote = rest[0];
      for (i++; i < text.size() && text[i] != quote && text[i] != '\n'; i++) {
        if (text[i] == '\\') i++;
      }
    } else if (rest.starts_with("//")) {
      i = std::min(text.find('\n', i), text.size());
    } else if (rest.starts_with("/*")) {
      const auto end = text.find("*/", i + 2);
      i = end == text.npos ? text.size() : end + 1;
    } else if (rest[0] == '{') {
      depth++;
    } else if (rest[0] == '}') {
      depth--;
    }
  }
  return depth;
}

Expected<Scenario> parse_scenario(std::string_view text, const std::filesystem::path& file, unsigned cpus) {
  return Parser(text, file, cpus).run();
}

Expected<Scenario> read_scenario(const std::filesystem::path& file, unsigned cpus) {
  std::ifstream stream(file);
  if (!stream) return fail("cannot read the scenario {}", file.string());
  std::ostringstream text;
  text << stream.rdbuf();
  return parse_scenario(text.str(), file, cpus);
}

Expected<Figure> parse_figure(std::string_view text) {
  std::istringstream words{std::string(text)};
  Figure figure;
  std::string id, value, more;
  words >> figure.name >> id >> figure.comparison >> value;
  static const std::vector<std::string> names{"hits", "exits", "failed", "dropped", "instructions"};
  static const std::vector<std::string> comparisons{"==", "!=", "<=", ">="};
  if (value.empty() || (words >> more)) return fail("`@ {}` is not NAME ID OP VALUE", text);
  if (std::ranges::find(names, figure.name) == names.end()) {
    return fail("unknown figure `{}`; known: hits exits failed dropped instructions", figure.name);
  }
  if (std::ranges::find(comparisons, figure.comparison) == comparisons.end()) {
    return fail("unknown comparison `{}`; known: == != <= >=", figure.comparison);
  }
  figure.all = id == "all";
  if (figure.all && figure.name != "exits") return fail("only `exits` has a figure for `all`");
  std::string_view digits = id;
  if (digits.starts_with("0x")) digits.remove_prefix(2);
  if (!figure.all && !parse_number(digits, figure.id, 16)) return fail("`{}` is not an event's number", id);
  if (!parse_number(std::string_view(value), figure.value)) return fail("`{}` is not a decimal number", value);
  return figure;
}

}  // namespace hyperdbg::lab
