// SPDX-License-Identifier: MIT
#include "lab/pattern.hpp"

namespace hyperdbg::lab {
namespace {

struct Translated {
  std::string text;
  std::vector<std::pair<std::string, unsigned>> groups;
};

Expected<Translated> translate(std::string_view text) {
  Translated result;
  unsigned group = 0;
  bool in_class = false;
  for (std::size_t i = 0; i < text.size(); i++) {
    const char c = text[i];
    result.text += c;
    if (c == '\\' && i + 1 < text.size()) {
      result.text += text[++i];
    } else if (in_class) {
      in_class = c != ']';
    } else if (c == '[') {
      in_class = true;
    } else if (c == '(' && !text.substr(i).starts_with("(?")) {
      group++;
    } else if (c == '(' && text.substr(i).starts_with("(?<")) {
      const auto end = text.find('>', i);
      if (end == text.npos) return fail("a group's name has no closing `>`");
      result.groups.emplace_back(text.substr(i + 3, end - i - 3), ++group);
      i = end;
    }
  }
  return result;
}

std::string quoted(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (std::string_view("^$\\.*+?()[]{}|").find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

}  // namespace

Expected<Pattern> Pattern::create(std::string_view text) {
  Pattern pattern;
  Translated translated = TRY_EXPECTED(translate(text));
  try {
    pattern.expression_ = std::regex(translated.text, std::regex::ECMAScript);
  } catch (const std::regex_error& error) {
    return fail("`{}` is not a regular expression: {}", text, error.what());
  }
  pattern.groups_ = std::move(translated.groups);
  return pattern;
}

bool Pattern::matches(const std::string& line, Captures& captures) const {
  std::smatch match;
  if (!std::regex_search(line, match, expression_)) return false;
  for (const auto& [name, group] : groups_) captures[name] = match[group].str();
  return true;
}

Expected<std::string> replace_captures(std::string_view text, const Captures& captures, Quoting quoting) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); i++) {
    const auto end = text.find('}', i);
    if (!text.substr(i).starts_with("${") || end == text.npos) {
      result += text[i];
      continue;
    }
    const std::string name(text.substr(i + 2, end - i - 2));
    const auto found = captures.find(name);
    if (found == captures.end()) {
      if (quoting == Quoting::pattern) return fail("nothing was captured under the name `{}`", name);
      result += text[i];
      continue;
    }
    result += quoting == Quoting::pattern ? quoted(found->second) : found->second;
    i = end;
  }
  return result;
}

}  // namespace hyperdbg::lab
