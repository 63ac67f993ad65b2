// SPDX-License-Identifier: MIT
#pragma once
#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace hyperdbg::script {

// Where something stands in a script's text, both counted from 1. A tab is one column.
struct Place {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  std::uint32_t file = 0;    // 0: the script itself, otherwise an included file
  std::uint32_t origin = 0;  // line of the script that includes it

  // As abi/script.h wants it: line << 12 | column, saturated. In an included file: the line that includes it.
  constexpr std::uint64_t position() const {
    const std::uint32_t shown = file == 0 ? line : origin;
    return std::uint64_t{std::min(shown, 0xfffffu)} << 12 | (file == 0 ? std::min(column, 0xfffu) : 1);
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
  std::string file = {};  // path of an included file; empty: the script itself
};

// `Line N:`, the source line, a caret below the place, the message and the hint.
std::string render(const Diagnostic& diagnostic);
std::string render(const std::vector<Diagnostic>& diagnostics);

// A line of a text without its end, counted from 1; empty if there is none.
std::string_view line_of(std::string_view text, std::uint32_t number);

// Collects what lexer, parser and passes find, so that a person sees all of it at once.
class Diagnostics {
 public:
  explicit Diagnostics(std::string_view text) : text_(text) {}

  // An included file; gives its number. Its text stays where it is as long as this object.
  std::uint32_t add_file(std::string path, std::string text);
  std::string_view text_of(std::uint32_t file) const;

  // The second complaint about one place is a consequence of the first and is not kept; more than a person reads are
  // counted.
  void add(Place place, std::string message, std::string hint = {});
  bool empty() const { return list_.empty(); }
  // In the order of the text.
  std::vector<Diagnostic> take();

 private:
  struct File {
    std::string path;
    std::string text;
  };
  struct Entry {
    Place place;
    Diagnostic diagnostic;
  };

  std::string_view text_;
  std::deque<File> files_;
  std::vector<Entry> list_;
  std::size_t omitted_ = 0;
};

}  // namespace hyperdbg::script
