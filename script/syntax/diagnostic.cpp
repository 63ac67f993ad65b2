// SPDX-License-Identifier: MIT
#include "script/syntax/diagnostic.hpp"

#include <algorithm>
#include <utility>

namespace hyperdbg::script {
namespace {

std::string_view line_of(std::string_view text, std::uint32_t number) {
  for (; number > 1; --number) {
    const auto end = text.find('\n');
    if (end == text.npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find_first_of("\r\n"));
}

// Keeps the tabs of the source line, so that the caret stands below its place whatever a tab is wide.
std::string caret_line(const Diagnostic& diagnostic) {
  std::string blanks;
  for (std::uint32_t i = 0; i + 1 < diagnostic.column; ++i)
    blanks += i < diagnostic.source_line.size() && diagnostic.source_line[i] == '\t' ? '\t' : ' ';
  return blanks + '^';
}

}  // namespace

std::string render(const Diagnostic& diagnostic) {
  std::string text = "Line " + std::to_string(diagnostic.line) + ":\n";
  text += diagnostic.source_line + '\n' + caret_line(diagnostic) + '\n' + diagnostic.message + '\n';
  if (!diagnostic.hint.empty()) text += "hint: " + diagnostic.hint + '\n';
  return text;
}

std::string render(const std::vector<Diagnostic>& diagnostics) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics) text += render(diagnostic);
  return text;
}

void Diagnostics::add(Place place, std::string message, std::string hint) {
  const auto same_place = [&](const Diagnostic& other) {
    return other.line == place.line && other.column == place.column;
  };
  if (std::ranges::any_of(list_, same_place)) return;
  list_.push_back(
      {place.line, place.column, std::move(message), std::move(hint), std::string(line_of(text_, place.line))});
}

std::vector<Diagnostic> Diagnostics::take() {
  std::ranges::stable_sort(list_, {}, [](const Diagnostic& one) { return std::pair(one.line, one.column); });
  return std::exchange(list_, {});
}

}  // namespace hyperdbg::script
