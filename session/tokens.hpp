// SPDX-License-Identifier: MIT
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace hyperdbg {

// A word of the command line: bare, "quoted" (without its quotes) or the text between { and } (without them).
struct Token {
  enum class Kind { word, quoted, braced };
  Kind kind = Kind::word;
  std::string text;

  // A keyword: never in quotes or braces, in any case.
  bool is(std::string_view word) const;
  bool is_braced() const { return kind == Kind::braced; }
  // As it is shown by `events`.
  std::string shown() const;
  friend bool operator==(const Token&, const Token&) = default;
};

using Tokens = std::vector<Token>;

/*
 * Blanks and tabs separate; a `{` may touch the word before it; braces nest, \{ and \} are literal, braces inside a
 * quoted string do not count. Comments outside of braces are dropped, inside they belong to the script.
 */
Tokens split_tokens(std::string_view line);

// How many braces are still open at the end: above zero means that further lines belong to this command.
int open_braces(std::string_view text);

std::string join_tokens(const Tokens& tokens, std::size_t from = 0);

std::string to_lower(std::string_view text);

}  // namespace hyperdbg
