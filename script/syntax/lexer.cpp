// SPDX-License-Identifier: MIT
#include "script/syntax/lexer.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <iterator>
#include <utility>

#include "script/syntax/include.hpp"
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
    {":", TokenKind::colon},
    {".", TokenKind::dot},
};

// Where an included file is named, and how deep.
struct Origin {
  std::uint32_t file = 0;
  std::uint32_t line = 0;
  unsigned depth = 0;
};

class Lexer {
 public:
  Lexer(std::string_view text, std::string_view folder, Diagnostics& diagnostics, std::vector<Token>& tokens,
        Origin origin = {})
      : text_(text), folder_(folder), diagnostics_(diagnostics), tokens_(tokens), origin_(origin) {
    place_.file = origin.file;
    place_.origin = origin.line;
  }

  void run() {
    if (text_.starts_with(byte_order_mark)) offset_ = byte_order_mark.size();
    while (skip_blanks()) lex_token();
  }

  void end() { add(TokenKind::end, 0); }

 private:
  static constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";  // UTF-8, as some editors begin files

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
      lex_include();
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
    } else if (const std::size_t spread = spread_number_length(word)) {
      lex_number(spread);
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

  // `0n 100`: HyperDbg's own tests have blanks behind the prefix. 0 for any other word.
  std::size_t spread_number_length(std::string_view word) const {
    constexpr std::string_view prefixes[] = {"0x", "0X", "0n", "0t", "0o", "0y"};
    if (std::ranges::find(prefixes, word) == std::end(prefixes)) return 0;
    std::size_t length = word.size();
    while (at(length) == ' ' || at(length) == '\t') ++length;
    const std::size_t digits = word_length(length);
    return digits != 0 && std::isxdigit(static_cast<unsigned char>(at(length))) != 0 ? length + digits : 0;
  }

  static bool is_beyond_hexadecimal(char c) { return (c >= 'g' && c <= 'z') || (c >= 'G' && c <= 'Z'); }

  static std::string without_ticks(std::string_view word) {
    std::string copy(word);
    std::erase(copy, '`');
    return copy;
  }

  void lex_number(std::size_t length) {
    std::string text(rest().substr(0, length));
    std::erase_if(text, [](char c) { return c == ' ' || c == '\t'; });
    const auto value = parse_number(text);
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
    const std::string text(rest().substr(0, length));
    if (is_word_character(at(length)))
      complain("Invalid floating-point literal: `" + std::string(rest().substr(0, length + word_length(length))) + "`",
               "decimal digits and one point, without exponent and suffix");
    double value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc()) complain("Floating-point literal is out of range: `" + text + "`");
    add(TokenKind::floating, length + word_length(length)).floating = value;
  }

  // #include "path" and perhaps a semicolon: the tokens of the file stand here.
  void lex_include() {
    constexpr std::string_view directive = "#include";
    constexpr unsigned deepest = 16;
    const Place place = place_;
    const auto wrong = [&](std::string message, std::string hint = {}) {
      diagnostics_.add(place, std::move(message), std::move(hint));
      advance(std::min(rest().find('\n'), rest().size()));
    };
    if (!rest().starts_with(directive))
      return wrong("Syntax Error: Unknown Token: `#`", "#include \"path\"; is the only word that starts with it");
    advance(directive.size());
    if (!skip_blanks() || at() != '"' || place_.line != place.line)
      return wrong("Syntax Error: Invalid Syntax: #include wants a path in quotes", "#include \"path\";");
    // Not a string literal: a backslash in a path is a backslash.
    const auto close = rest().find_first_of("\"\n", 1);
    if (close == rest().npos || rest()[close] != '"')
      return wrong("Syntax Error: Unknown Token: the path of #include is not closed", "close it with `\"`");
    const std::string path(rest().substr(1, close - 1));
    advance(close + 1);
    if (skip_blanks() && at() == ';') advance(1);
    if (origin_.depth >= deepest) {
      diagnostics_.add(place, "#include \"" + path + "\": files include each other too deeply");
      return;
    }
    auto file = read_included(path, folder_);
    if (!file) {
      diagnostics_.add(place, "#include: " + file.error(),
                       "a path is looked up from the script's folder, the working folder and the program's folder");
      return;
    }
    const std::string folder = std::filesystem::path(file->path).parent_path().string();
    const std::uint32_t number = diagnostics_.add_file(file->path, std::move(file->text));
    const std::uint32_t line = origin_.file == 0 ? place.line : origin_.line;
    Lexer(diagnostics_.text_of(number), folder, diagnostics_, tokens_, {number, line, origin_.depth + 1}).run();
  }

  void lex_symbol(std::size_t length) {
    while (is_word_character(at(length)) || (at(length) == '.' && is_word_character(at(length + 1)))) ++length;
    add(TokenKind::symbol, length);
  }

  std::string_view text_;
  std::string_view folder_;
  Diagnostics& diagnostics_;
  std::vector<Token>& tokens_;
  Origin origin_;
  std::size_t offset_ = 0;
  Place place_;
};

}  // namespace

std::vector<std::string_view> all_operators() {
  std::vector<std::string_view> texts;
  for (const Operator& one : operators) texts.push_back(one.text);
  return texts;
}

std::vector<Token> tokenize(std::string_view text, std::string_view folder, Diagnostics& diagnostics) {
  std::vector<Token> tokens;
  Lexer lexer(text, folder, diagnostics, tokens);
  lexer.run();
  lexer.end();
  return tokens;
}

}  // namespace hyperdbg::script
