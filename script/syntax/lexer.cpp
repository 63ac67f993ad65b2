// SPDX-License-Identifier: MIT
#include "script/syntax/lexer.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "script/syntax/number.hpp"
#include "script/syntax/string_literal.hpp"
#include "script/syntax/words.hpp"

namespace hyperdbg::script {
namespace {

bool is_letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word_character(char c) {
  return is_letter(c) || is_digit(c) || c == '`';
}

struct Operator {
  std::string_view text;
  TokenKind kind;
};
// Longer ones first.
constexpr Operator operators[] = {
    {"<<=", TokenKind::shift_left_assign},
    {">>=", TokenKind::shift_right_assign},
    {"->", TokenKind::arrow},
    {"++", TokenKind::increment},
    {"--", TokenKind::decrement},
    {"+=", TokenKind::plus_assign},
    {"-=", TokenKind::minus_assign},
    {"*=", TokenKind::star_assign},
    {"/=", TokenKind::slash_assign},
    {"%=", TokenKind::percent_assign},
    {"&=", TokenKind::ampersand_assign},
    {"^=", TokenKind::caret_assign},
    {"|=", TokenKind::bar_assign},
    {"<<", TokenKind::shift_left},
    {">>", TokenKind::shift_right},
    {"==", TokenKind::equal},
    {"!=", TokenKind::not_equal},
    {"<=", TokenKind::less_equal},
    {">=", TokenKind::greater_equal},
    {"&&", TokenKind::logical_and},
    {"||", TokenKind::logical_or},
    {"+", TokenKind::plus},
    {"-", TokenKind::minus},
    {"*", TokenKind::star},
    {"/", TokenKind::slash},
    {"%", TokenKind::percent},
    {"&", TokenKind::ampersand},
    {"^", TokenKind::caret},
    {"|", TokenKind::bar},
    {"~", TokenKind::tilde},
    {"!", TokenKind::exclamation},
    {"=", TokenKind::assign},
    {"<", TokenKind::less},
    {">", TokenKind::greater},
    {"(", TokenKind::left_parenthesis},
    {")", TokenKind::right_parenthesis},
    {"{", TokenKind::left_brace},
    {"}", TokenKind::right_brace},
    {"[", TokenKind::left_bracket},
    {"]", TokenKind::right_bracket},
    {",", TokenKind::comma},
    {";", TokenKind::semicolon},
    {".", TokenKind::dot},
};

class Lexer {
 public:
  Lexer(std::string_view text, Diagnostics& diagnostics) : text_(text), diagnostics_(diagnostics) {}

  std::vector<Token> run() {
    while (skip_blanks()) lex_token();
    add(TokenKind::end, 0);
    return std::move(tokens_);
  }

 private:
  char at(std::size_t ahead = 0) const { return offset_ + ahead < text_.size() ? text_[offset_ + ahead] : '\0'; }
  std::string_view rest() const { return text_.substr(offset_); }

  void advance(std::size_t count) {
    for (const char c : text_.substr(offset_, count)) {
      if (c == '\n') {
        ++place_.line;
        place_.column = 1;
      } else {
        ++place_.column;
      }
    }
    offset_ = std::min(offset_ + count, text_.size());
  }

  // Takes `length` characters as a token whose text leaves out the first `sigil` of them.
  Token& add(TokenKind kind, std::size_t length, std::size_t sigil = 0) {
    Token token;
    token.kind = kind;
    token.place = place_;
    token.text = rest().substr(sigil, length - sigil);
    advance(length);
    tokens_.push_back(std::move(token));
    return tokens_.back();
  }

  void complain(std::string message, std::string hint = {}) {
    diagnostics_.add(place_, std::move(message), std::move(hint));
  }

  std::size_t word_length(std::size_t from = 0) const {
    std::size_t length = 0;
    while (is_word_character(at(from + length))) ++length;
    return length;
  }

  // False at the end of the text.
  bool skip_blanks() {
    while (offset_ < text_.size()) {
      if (std::isspace(static_cast<unsigned char>(at()))) {
        advance(1);
      } else if (rest().starts_with("//")) {
        advance(std::min(rest().find('\n'), rest().size()));
      } else if (rest().starts_with("/*")) {
        skip_comment();
      } else {
        return true;
      }
    }
    return false;
  }

  void skip_comment() {
    const std::size_t end = rest().find("*/", 2);
    if (end == std::string_view::npos) {
      complain("Syntax Error: Invalid Syntax: a comment that starts with `/*` is not closed", "close it with `*/`");
      advance(rest().size());
    } else {
      advance(end + 2);
    }
  }

  void lex_token() {
    const char c = at();
    if (c == '"' || (c == 'L' && at(1) == '"')) return lex_string();
    if (c == '.' && is_digit(at(1))) return lex_floating(0);
    if (c == '.' && is_letter(at(1)) && !continues_operand()) {
      add(TokenKind::global, 1 + word_length(1), 1);
    } else if (c == '@' || c == '$') {
      lex_sigil(c == '@' ? TokenKind::register_name : TokenKind::pseudo_register);
    } else if (c == '#') {
      complain("`#include` is not available yet");
      advance(std::min(rest().find('\n'), rest().size()));
    } else if (is_word_character(c)) {
      lex_word();
    } else {
      lex_operator();
    }
  }

  // `s.member` is no global: the dot touches what stands before it.
  bool continues_operand() const {
    return offset_ > 0 &&
           (is_word_character(text_[offset_ - 1]) || text_[offset_ - 1] == ')' || text_[offset_ - 1] == ']');
  }

  void lex_sigil(TokenKind kind) {
    const std::size_t length = word_length(1);
    if (length == 0) {
      complain(std::string("Syntax Error: Unknown Token: `") + at() + "` without a name");
      advance(1);
    } else {
      add(kind, 1 + length, 1);
    }
  }

  void lex_operator() {
    for (const Operator& candidate : operators) {
      if (!rest().starts_with(candidate.text)) continue;
      add(candidate.kind, candidate.text.size());
      return;
    }
    const bool printable = std::isprint(static_cast<unsigned char>(at()));
    complain("Syntax Error: Unknown Token" + (printable ? std::string(": `") + at() + "`" : std::string()),
             at() == '?' ? "there is no `? :`; write if and else" : "");
    advance(1);
  }

  void lex_string() {
    const bool wide = at() == 'L';
    StringLiteral literal = parse_string_literal(rest(), wide);
    for (const StringLiteral::Mistake& mistake : literal.mistakes) {
      Place place = place_;
      place.column += static_cast<std::uint32_t>(mistake.offset);
      diagnostics_.add(place, mistake.message, mistake.hint);
    }
    add(wide ? TokenKind::wide_string : TokenKind::string, literal.length).contents = std::move(literal.contents);
  }

  void lex_word() {
    const std::size_t length = word_length();
    const std::string_view word = rest().substr(0, length);
    if (at(length) == '!' && is_letter(at(length + 1)) && is_letter(word[0])) return lex_symbol(length + 1);
    if (is_reserved(word)) {
      add(TokenKind::word, length);
    } else if (is_digit(word[0]) || word[0] == '`' || is_hexadecimal_word(without_ticks(word))) {
      if (at(length) == '.' && std::ranges::all_of(word, is_digit)) return lex_floating(length);
      lex_number(length);
    } else {
      if (std::ranges::none_of(word, is_beyond_hexadecimal))
        complain("Syntax Error: Unknown Token: `" + std::string(word) + "` is neither a name nor a number",
                 "a name needs at least one letter from g to z");
      else if (word.contains('`'))
        complain("Syntax Error: Unknown Token: a back-tick belongs into numbers only");
      add(TokenKind::word, length);
    }
  }

  static bool is_beyond_hexadecimal(char c) { return (c >= 'g' && c <= 'z') || (c >= 'G' && c <= 'Z'); }

  static std::string without_ticks(std::string_view word) {
    std::string copy(word);
    std::erase(copy, '`');
    return copy;
  }

  void lex_number(std::size_t length) {
    const auto value = parse_number(rest().substr(0, length));
    if (!value) complain("Syntax Error: Unknown Token: " + value.error(), number_hint(rest().substr(0, length)));
    add(TokenKind::number, length).value = value.value_or(0);
  }

  static std::string number_hint(std::string_view word) {
    if (word.starts_with("0n") || word.starts_with("0t") || word.starts_with("0o") || word.starts_with("0y")) return {};
    return "numbers are hexadecimal; 0n is decimal, 0t octal, 0y binary; a name cannot start with a digit";
  }

  void lex_floating(std::size_t before_dot) {
    std::size_t length = before_dot + 1;
    while (is_digit(at(length))) ++length;
    complain("floating-point literals are not available yet: `" + std::string(rest().substr(0, length)) + "`");
    add(TokenKind::number, length);
  }

  void lex_symbol(std::size_t length) {
    while (is_word_character(at(length)) || (at(length) == '.' && is_word_character(at(length + 1)))) ++length;
    add(TokenKind::symbol, length);
  }

  std::string_view text_;
  Diagnostics& diagnostics_;
  std::size_t offset_ = 0;
  Place place_;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view text, Diagnostics& diagnostics) {
  return Lexer(text, diagnostics).run();
}

}  // namespace hyperdbg::script
