// SPDX-License-Identifier: MIT
#include "script/syntax/hints.hpp"

#include <algorithm>
#include <iterator>

#include "script/syntax/number.hpp"
#include "script/syntax/words.hpp"

namespace hyperdbg::script {
namespace {

constexpr std::string_view absent_words[] = {"goto", "const", "static", "extern", "volatile"};

bool is_jump(std::string_view word) {
  return word == "break" || word == "continue" || word == "return";
}

std::string_view nearest_to(const Token& token) {
  const bool is_unknown = token.kind == TokenKind::word && !is_reserved(token.text);
  return is_unknown ? nearest_keyword(token.text) : std::string_view();
}

}  // namespace

std::string keyword_hint(const Token& token) {
  const std::string_view keyword = nearest_to(token);
  return keyword.empty() ? "" : "is `" + std::string(keyword) + "` meant?";
}

std::string number_hint(const Token& token) {
  if (token.kind != TokenKind::number || !is_hexadecimal_word(token.text)) return {};
  const std::string name(token.text);
  return "`" + name + "` is the number 0x" + name + ", because a name needs at least one letter from g to z";
}

std::string hint_for_value(const Token& start, const Token& behind) {
  if (behind.kind == TokenKind::equal) return "`==` compares, `=` assigns";
  if (std::ranges::find(absent_words, start.text) != std::end(absent_words))
    return "the language has no `" + std::string(start.text) + "`";
  const std::string keyword = keyword_hint(start);
  if (!keyword.empty() && (behind.kind != TokenKind::semicolon || is_jump(nearest_to(start)))) return keyword;
  const std::string number = number_hint(start);
  return "a value alone is no statement" + (number.empty() ? "" : "; " + number);
}

}  // namespace hyperdbg::script
