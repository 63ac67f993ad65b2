// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "script/syntax/diagnostic.hpp"

namespace hyperdbg::script {

enum class TokenKind {
  end,
  number,
  floating,
  word,             // keyword, function, local variable or bare register
  global,           // text without the dot
  register_name,    // text without the @
  pseudo_register,  // text without the $
  symbol,           // module!name
  string,           // contents with escapes resolved
  wide_string,
  // clang-format off
  plus, minus, star, slash, percent, shift_left, shift_right, ampersand, caret, bar, tilde, exclamation,
  assign, plus_assign, minus_assign, star_assign, slash_assign, percent_assign, shift_left_assign,
  shift_right_assign, ampersand_assign, caret_assign, bar_assign,
  equal, not_equal, less, greater, less_equal, greater_equal, logical_and, logical_or, increment, decrement,
  left_parenthesis, right_parenthesis, left_brace, right_brace, left_bracket, right_bracket,
  comma, semicolon, colon, dot, arrow,
  // clang-format on
};

struct Token {
  TokenKind kind = TokenKind::end;
  Place place;
  std::string_view text;    // as it stands in the source, without the sigil
  std::uint64_t value = 0;  // of a number
  double floating = 0;
  std::string contents;  // of a string
};

}  // namespace hyperdbg::script
