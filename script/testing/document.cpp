// SPDX-License-Identifier: MIT
#include "script/testing/document.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace hyperdbg::script {
namespace {

constexpr std::string_view fence = "```";

Example open_example(const std::string& line, unsigned number) {
  Example example;
  example.line = number;
  std::istringstream words(line.substr(fence.size()));
  words >> example.kind;
  for (std::string word; words >> word;) {
    const auto equals = word.find('=');
    if (equals == word.npos) throw std::runtime_error("an example wants NAME=VALUE: " + line);
    example.one.given.push_back({word.substr(0, equals), word.substr(equals + 1)});
  }
  return example;
}

std::string without_ends(std::string text) {
  text.erase(text.find_last_not_of(" \t\r") + 1);
  return text.starts_with(' ') ? text.substr(1) : text;
}

void add_line(Example& example, const std::string& line) {
  example.text += line + '\n';
  example.one.script += line + '\n';
  const auto number = static_cast<unsigned>(std::count(example.text.begin(), example.text.end(), '\n'));
  if (const auto mark = line.find("//="); mark != line.npos)
    example.printed.push_back(without_ends(line.substr(mark + 3)));
  if (const auto mark = line.find("//!"); mark != line.npos)
    example.troubles.emplace_back(number, without_ends(line.substr(mark + 3)));
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    line.erase(line.find_last_not_of(' ') + 1);
    lines.push_back(line);
  }
  return lines;
}

using Troubles = std::vector<std::pair<unsigned, std::string>>;

Troubles troubles_of(const Played& played) {
  Troubles troubles;
  for (const Diagnostic& one : played.diagnostics) troubles.emplace_back(one.line, one.message);
  if (played.outcome.error != HYPERDBG_SCRIPT_OK)
    troubles.emplace_back(static_cast<unsigned>(played.outcome.position >> 12), describe(played.outcome));
  return troubles;
}

std::string shown(const Troubles& troubles) {
  std::string text;
  for (const auto& [line, message] : troubles) text += "\n  line " + std::to_string(line) + ": " + message;
  return text.empty() ? "\n  nothing" : text;
}

bool agree(const Troubles& seen, const Troubles& wanted) {
  if (seen.size() != wanted.size()) return false;
  for (std::size_t i = 0; i < seen.size(); ++i)
    if (seen[i].first != wanted[i].first || !seen[i].second.contains(wanted[i].second)) return false;
  return true;
}

}  // namespace

std::vector<Example> parse_examples(std::string_view document) {
  std::vector<Example> examples;
  std::istringstream lines{std::string(document)};
  bool is_open = false;
  unsigned number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.starts_with(fence)) {
      if (!is_open) examples.push_back(open_example(line, number));
      is_open = !is_open;
    } else if (is_open) {
      add_line(examples.back(), line);
    }
  }
  if (is_open) throw std::runtime_error("a block is not closed");
  return examples;
}

std::vector<std::string> problems_of(const Example& example) {
  std::vector<std::string> problems;
  const Played played = play(example.one);
  const std::string printed = played.outcome.messages + played.aggregates;
  if (lines_of(printed) != example.printed) problems.push_back("it prints\n" + printed);
  const Troubles seen = troubles_of(played);
  if (!agree(seen, example.troubles)) problems.push_back("what is wrong with it:" + shown(seen));
  return problems;
}

}  // namespace hyperdbg::script
