// SPDX-License-Identifier: MIT
#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hyperdbg::script {

// Where something stands in a script's text, both counted from 1. A tab is one column.
struct Place {
  std::uint32_t line = 1;
  std::uint32_t column = 1;

  // As abi/script.h wants it: line << 12 | column, saturated.
  constexpr std::uint64_t position() const {
    return std::uint64_t{std::min(line, 0xfffffu)} << 12 | std::min(column, 0xfffu);
  }
  friend auto operator<=>(const Place&, const Place&) = default;
};

// One thing that is wrong with a script, for a person.
struct Diagnostic {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string message;
  std::string hint;  // what to do about it; may be empty
  std::string source_line;
};

// `Line N:`, the source line, a caret below the place, the message and the hint.
std::string render(const Diagnostic& diagnostic);
std::string render(const std::vector<Diagnostic>& diagnostics);

// Collects what lexer, parser and passes find, so that a person sees all of it at once.
class Diagnostics {
 public:
  explicit Diagnostics(std::string_view text) : text_(text) {}

  // The second complaint about one place is a consequence of the first and is not kept.
  void add(Place place, std::string message, std::string hint = {});
  bool empty() const { return list_.empty(); }
  // In the order of the text.
  std::vector<Diagnostic> take();

 private:
  std::string_view text_;
  std::vector<Diagnostic> list_;
};

}  // namespace hyperdbg::script
