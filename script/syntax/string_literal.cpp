// SPDX-License-Identifier: MIT
#include "script/syntax/string_literal.hpp"

#include <cctype>
#include <charconv>

namespace hyperdbg::script {
namespace {

class Reader {
 public:
  Reader(std::string_view source, bool wide) : source_(source), wide_(wide), offset_(wide ? 2 : 1) {}

  StringLiteral run() {
    while (true) {
      if (offset_ >= source_.size() || source_[offset_] == '\n') return unterminated();
      const char c = source_[offset_];
      if (c == '"') break;
      if (c == '\\') {
        read_escape();
      } else {
        append(static_cast<unsigned char>(c));
        ++offset_;
      }
    }
    literal_.length = offset_ + 1;
    return std::move(literal_);
  }

 private:
  void append(unsigned unit) {
    literal_.contents += static_cast<char>(unit);
    if (wide_) literal_.contents += static_cast<char>(unit >> 8);
  }

  StringLiteral unterminated() {
    literal_.mistakes.push_back({0, "Syntax Error: Unknown Token: a string is not closed", "close it with `\"`"});
    literal_.length = offset_;
    return std::move(literal_);
  }

  void read_escape() {
    const char letter = offset_ + 1 < source_.size() ? source_[offset_ + 1] : '\0';
    switch (letter) {
      case 'n':
        append('\n');
        break;
      case 't':
        append('\t');
        break;
      case '\\':
        append('\\');
        break;
      case '"':
        append('"');
        break;
      case 'x':
        return read_hexadecimal();
      default:
        literal_.mistakes.push_back({offset_, "Syntax Error: Unknown Token: no such escape in a string",
                                     "there are \\n \\t \\\\ \\\" and \\xHH; a backslash itself is \\\\"});
        ++offset_;
        return;
    }
    offset_ += 2;
  }

  void read_hexadecimal() {
    const std::size_t start = offset_ + 2;
    const std::size_t longest = wide_ ? 4 : 2;
    std::size_t end = start;
    while (end < source_.size() && end - start < longest && std::isxdigit(static_cast<unsigned char>(source_[end])))
      ++end;
    unsigned value = 0;
    std::from_chars(source_.data() + start, source_.data() + end, value, 16);
    if (end == start)
      literal_.mistakes.push_back({offset_, "Syntax Error: Unknown Token: \\x without hexadecimal digits", ""});
    append(value);
    offset_ = end;
  }

  std::string_view source_;
  bool wide_;
  std::size_t offset_;
  StringLiteral literal_;
};

}  // namespace

StringLiteral parse_string_literal(std::string_view source, bool wide) {
  return Reader(source, wide).run();
}

}  // namespace hyperdbg::script
