// SPDX-License-Identifier: MIT
#include "script/syntax/expression_parser.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "script/syntax/number.hpp"
#include "script/syntax/words.hpp"

namespace hyperdbg::script {
namespace {

struct BinaryLevel {
  TokenKind token;
  BinaryOperator operation;
  int level;  // higher binds tighter; all are left associative
};
constexpr BinaryLevel binary_levels[] = {
    {TokenKind::logical_or, BinaryOperator::logical_or, 1},
    {TokenKind::logical_and, BinaryOperator::logical_and, 2},
    {TokenKind::bar, BinaryOperator::bit_or, 3},
    {TokenKind::caret, BinaryOperator::bit_xor, 4},
    {TokenKind::ampersand, BinaryOperator::bit_and, 5},
    {TokenKind::less, BinaryOperator::less, 6},
    {TokenKind::greater, BinaryOperator::greater, 6},
    {TokenKind::less_equal, BinaryOperator::less_equal, 6},
    {TokenKind::greater_equal, BinaryOperator::greater_equal, 6},
    {TokenKind::equal, BinaryOperator::equal, 6},
    {TokenKind::not_equal, BinaryOperator::not_equal, 6},
    {TokenKind::shift_left, BinaryOperator::shift_left, 7},
    {TokenKind::shift_right, BinaryOperator::shift_right, 7},
    {TokenKind::plus, BinaryOperator::add, 8},
    {TokenKind::minus, BinaryOperator::subtract, 8},
    {TokenKind::star, BinaryOperator::multiply, 9},
    {TokenKind::slash, BinaryOperator::divide, 9},
    {TokenKind::percent, BinaryOperator::modulo, 9},
};

const BinaryLevel* find_level(TokenKind token) {
  const auto found = std::ranges::find(binary_levels, token, &BinaryLevel::token);
  return found == std::end(binary_levels) ? nullptr : found;
}

std::optional<UnaryOperator> unary_operator(TokenKind token) {
  switch (token) {
    case TokenKind::minus:
      return UnaryOperator::negate;
    case TokenKind::plus:
      return UnaryOperator::plus;
    case TokenKind::tilde:
      return UnaryOperator::complement;
    case TokenKind::exclamation:
      return UnaryOperator::logical_not;
    default:
      return std::nullopt;
  }
}

// Counts how deep the parser is in itself.
class Nesting {
 public:
  explicit Nesting(unsigned& depth) : depth_(++depth) {}
  ~Nesting() { --depth_; }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;

 private:
  unsigned& depth_;
};

std::string quoted(std::string_view text) {
  return "`" + std::string(text) + "`";
}

}  // namespace

template <class Node>
ExpressionPtr ExpressionParser::make(Place place, Node node, unsigned depth) {
  if (depth > maximum_depth) {
    tokens_.complain(place, too_deep);
    return nullptr;
  }
  auto expression = std::make_unique<Expression>();
  expression->place = place;
  expression->depth = depth;
  expression->node = std::move(node);
  return expression;
}

ExpressionPtr ExpressionParser::make_binary(Token operation, BinaryOperator kind, ExpressionPtr left,
                                            ExpressionPtr right) {
  if (!left || !right) return nullptr;
  const unsigned depth = std::max(left->depth, right->depth) + 1;
  return make(operation.place, Binary{kind, std::move(left), std::move(right)}, depth);
}

ExpressionPtr ExpressionParser::parse_binary(int lowest_level) {
  ExpressionPtr left = parse_unary();
  while (left) {
    const BinaryLevel* level = find_level(tokens_.peek().kind);
    if (!level || level->level < lowest_level) break;
    const Token operation = tokens_.take();
    ExpressionPtr right = parse_binary(level->level + 1);
    left = make_binary(operation, level->operation, std::move(left), std::move(right));
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_unary() {
  const Nesting nesting(nesting_);
  if (nesting_ > maximum_nesting) {
    tokens_.complain(tokens_.peek().place, too_deep);
    return nullptr;
  }
  switch (tokens_.peek().kind) {
    case TokenKind::minus:
    case TokenKind::plus:
    case TokenKind::tilde:
    case TokenKind::exclamation:
    case TokenKind::star:
      return parse_prefix(tokens_.take());
    case TokenKind::ampersand:
      tokens_.complain(tokens_.peek().place, "`&` (the address of a variable) is not available yet");
      return nullptr;
    case TokenKind::increment:
    case TokenKind::decrement:
      tokens_.complain(
          tokens_.peek().place,
          "Syntax Error: Invalid Syntax: " + tokens_.shown() + " is a statement of its own, behind the name",
          "write name++; or name--; or add 1 here");
      return nullptr;
    default:
      return parse_primary();
  }
}

ExpressionPtr ExpressionParser::parse_prefix(const Token& operation) {
  ExpressionPtr operand = parse_unary();
  if (!operand) return nullptr;
  const unsigned depth = operand->depth + 1;
  if (operation.kind == TokenKind::star) return make(operation.place, Dereference{std::move(operand)}, depth);
  return make(operation.place, Unary{*unary_operator(operation.kind), std::move(operand)}, depth);
}

ExpressionPtr ExpressionParser::parse_primary() {
  const Token token = tokens_.peek();
  ExpressionPtr result;
  switch (token.kind) {
    case TokenKind::number:
      tokens_.take();
      result = make(token.place, Number{token.value});
      break;
    case TokenKind::symbol:
      tokens_.take();
      result = make(token.place, Symbol{std::string(token.text)});
      break;
    case TokenKind::global:
      tokens_.take();
      result = make(token.place, Global{std::string(token.text)});
      break;
    case TokenKind::register_name:
      result = parse_register();
      break;
    case TokenKind::pseudo_register:
      result = parse_pseudo_register();
      break;
    case TokenKind::word:
      result = parse_word();
      break;
    case TokenKind::left_parenthesis:
      result = parse_parentheses();
      break;
    case TokenKind::string:
    case TokenKind::wide_string:
      tokens_.complain(token.place, "Syntax Error: Invalid Syntax: a string is no value",
                       "strings are the formats of printf");
      return nullptr;
    default:
      tokens_.complain_expected("a value");
      return nullptr;
  }
  return result && !has_postfix() ? std::move(result) : nullptr;
}

ExpressionPtr ExpressionParser::parse_parentheses() {
  tokens_.take();
  if (tokens_.at(TokenKind::word) && is_type_word(tokens_.peek().text)) {
    tokens_.complain(tokens_.peek().place, "casts are not available yet: " + tokens_.shown());
    return nullptr;
  }
  ExpressionPtr inner = parse();
  if (!inner) return nullptr;
  const bool assigns = tokens_.at(TokenKind::assign);
  if (!tokens_.expect(TokenKind::right_parenthesis, "`)`", assigns ? "`==` compares" : "")) return nullptr;
  return inner;
}

ExpressionPtr ExpressionParser::parse_word() {
  const Token token = tokens_.take();
  const std::string_view word = token.text;
  if (const Builtin* function = find_builtin(word)) return parse_call(*function, token.place);
  if (is_missing_builtin(word)) {
    tokens_.complain(token.place, quoted(word) + " is not available yet");
    return nullptr;
  }
  if (is_type_word(word)) {
    tokens_.complain(token.place, "declared types are not available yet: " + quoted(word));
    return nullptr;
  }
  if (word == "printf" || word == "print") {
    tokens_.complain(token.place, "Syntax Error: Invalid Syntax: " + quoted(word) + " has no value");
    return nullptr;
  }
  if (is_statement_word(word)) {
    tokens_.complain(token.place, "Syntax Error: Invalid Syntax: expected a value before " + quoted(word));
    return nullptr;
  }
  if (const auto part = find_register(word)) return make(token.place, Register{*part});
  if (tokens_.at(TokenKind::left_parenthesis)) return parse_unknown_call(token);
  return make(token.place, Local{std::string(word)});
}

ExpressionPtr ExpressionParser::parse_call(const Builtin& function, Place place) {
  const std::string name(function.name);
  const std::string hint = is_hexadecimal_word(name) ? "it is a function here; for the number write 0x" + name : "";
  if (!tokens_.at(TokenKind::left_parenthesis)) {
    tokens_.complain_expected("`(` behind " + quoted(name), hint);
    return nullptr;
  }
  std::vector<ExpressionPtr> arguments;
  if (!parse_arguments(arguments)) return nullptr;
  if (arguments.size() != function.parameters) {
    tokens_.complain(place, "Syntax Error: Invalid Syntax: " + quoted(name) + " takes " +
                                std::to_string(function.parameters) + " argument" +
                                (function.parameters == 1 ? "" : "s") + ", not " + std::to_string(arguments.size()));
    return nullptr;
  }
  unsigned depth = 0;
  for (const ExpressionPtr& argument : arguments) depth = std::max(depth, argument->depth);
  return make(place, Call{&function, std::move(arguments)}, depth + 1);
}

ExpressionPtr ExpressionParser::parse_unknown_call(const Token& name) {
  tokens_.complain(name.place, "Undefined Function: " + quoted(name.text),
                   "functions of your own are not available yet");
  std::vector<ExpressionPtr> arguments;
  parse_arguments(arguments);
  return nullptr;
}

bool ExpressionParser::parse_arguments(std::vector<ExpressionPtr>& arguments) {
  tokens_.take();
  if (tokens_.accept(TokenKind::right_parenthesis)) return true;
  do {
    ExpressionPtr argument = parse();
    if (!argument) return false;
    arguments.push_back(std::move(argument));
  } while (tokens_.accept(TokenKind::comma));
  return tokens_.expect(TokenKind::right_parenthesis, "`,` or `)`");
}

ExpressionPtr ExpressionParser::parse_register() {
  const Token token = tokens_.take();
  if (const auto part = find_register(token.text)) return make(token.place, Register{*part});
  std::string lower(token.text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  tokens_.complain(token.place, "Syntax Error: Unknown Token: there is no register `@" + std::string(token.text) + "`",
                   find_register(lower) ? "registers are written in small letters: @" + lower : "");
  return nullptr;
}

ExpressionPtr ExpressionParser::parse_pseudo_register() {
  const Token token = tokens_.take();
  const std::string shown = "`$" + std::string(token.text) + "`";
  const auto name = find_pseudo_register(token.text);
  if (name && name->source == PseudoSource::missing) {
    tokens_.complain(token.place, shown + " is not available yet");
    return nullptr;
  }
  if (name) return make(token.place, PseudoRegister{*name});
  tokens_.complain(token.place, "Syntax Error: Unknown Token: there is no pseudo-register " + shown,
                   token.text.starts_with("arg") ? "the arguments of .script are put in before a command runs" : "");
  return nullptr;
}

// Arrays and structures: refused by name until they are there.
bool ExpressionParser::has_postfix() {
  const Token& token = tokens_.peek();
  if (token.kind == TokenKind::left_bracket)
    tokens_.complain(token.place, "arrays are not available yet: `[`");
  else if (token.kind == TokenKind::dot || token.kind == TokenKind::arrow)
    tokens_.complain(token.place, "structures are not available yet: " + tokens_.shown());
  else
    return false;
  return true;
}

}  // namespace hyperdbg::script
