// SPDX-License-Identifier: MIT
#include "script/syntax/diagnostic.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace hyperdbg::script {
namespace {

// What of the source line is shown, and where in it the caret stands.
struct Excerpt {
  std::string line;
  std::size_t place;
};

// Of a very long line only what is around the place.
Excerpt excerpt_of(const Diagnostic& diagnostic) {
  constexpr std::size_t widest = 240, before = 120;
  const std::string& line = diagnostic.source_line;
  const std::size_t place = diagnostic.column == 0 ? 0 : diagnostic.column - 1;
  if (line.size() <= widest || place > line.size()) return {line, place};
  const std::size_t start = place > before ? place - before : 0;
  const std::string_view head = start == 0 ? "" : "...", tail = line.size() - start > widest ? "..." : "";
  std::string shown(head);
  shown.append(line, start, widest).append(tail);
  return {shown, place - start + head.size()};
}

// Bytes of a UTF-8 character behind its first.
bool continues_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

// Keeps the tabs of the source line, so that the caret stands below its place whatever a tab is wide.
std::string caret_line(const Excerpt& excerpt) {
  std::string blanks;
  for (std::size_t i = 0; i < excerpt.place; ++i) {
    const char byte = i < excerpt.line.size() ? excerpt.line[i] : ' ';
    if (!continues_character(byte)) blanks += byte == '\t' ? '\t' : ' ';
  }
  return blanks + '^';
}

}  // namespace

std::string_view line_of(std::string_view text, std::uint32_t number) {
  if (number == 0) return {};
  for (; number > 1; --number) {
    const auto end = text.find('\n');
    if (end == text.npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find_first_of("\r\n"));
}

std::string render(const Diagnostic& diagnostic) {
  std::string text = "Line " + std::to_string(diagnostic.line);
  if (!diagnostic.file.empty()) text += " of " + diagnostic.file;
  text += ":\n";
  const Excerpt excerpt = excerpt_of(diagnostic);
  text += excerpt.line + '\n' + caret_line(excerpt) + '\n' + diagnostic.message + '\n';
  if (!diagnostic.hint.empty()) text += "hint: " + diagnostic.hint + '\n';
  return text;
}

std::string render(const std::vector<Diagnostic>& diagnostics) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics) text += render(diagnostic);
  return text;
}

std::uint32_t Diagnostics::add_file(std::string path, std::string text) {
  files_.push_back({std::move(path), std::move(text)});
  return static_cast<std::uint32_t>(files_.size());
}

std::string_view Diagnostics::text_of(std::uint32_t file) const {
  return file == 0 ? text_ : files_[file - 1].text;
}

void Diagnostics::add(Place place, std::string message, std::string hint) {
  if (std::ranges::find(list_, place, &Entry::place) != list_.end()) return;
  constexpr std::size_t most = 100;
  if (list_.size() == most) {
    ++omitted_;
    return;
  }
  const std::string path = place.file == 0 ? "" : files_[place.file - 1].path;
  list_.push_back({place,
                   {place.line, place.column, std::move(message), std::move(hint),
                    std::string(line_of(text_of(place.file), place.line)), path}});
}

std::vector<Diagnostic> Diagnostics::take() {
  std::ranges::stable_sort(list_, {}, [](const Entry& one) {
    const Place& place = one.place;
    return std::tuple(place.file == 0 ? place.line : place.origin, place.file, place.line, place.column);
  });
  std::vector<Diagnostic> diagnostics;
  for (Entry& one : list_) diagnostics.push_back(std::move(one.diagnostic));
  list_.clear();
  if (omitted_ != 0) diagnostics.back().message += "\n... and " + std::to_string(omitted_) + " more errors";
  return diagnostics;
}

}  // namespace hyperdbg::script
