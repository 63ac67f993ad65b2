// SPDX-License-Identifier: MIT
#include "script/syntax/expression_parser.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "script/syntax/aggregates.hpp"
#include "script/syntax/hints.hpp"
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

constexpr std::size_t any_number = ~std::size_t{0};

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

ExpressionPtr ExpressionParser::parse_condition() {
  const bool outer = std::exchange(in_condition_, true);
  ExpressionPtr condition = parse();
  in_condition_ = outer;
  return condition;
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
    case TokenKind::ampersand:
      return parse_prefix(tokens_.take());
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
  if (in_condition_ && unary_operator(operation.kind) && unary_operator(tokens_.peek().kind)) {
    tokens_.complain(tokens_.peek().place, "Syntax Error: Invalid Syntax: two unary operators in a row in a condition",
                     "use parentheses: " + std::string(operation.text) + "(" + std::string(tokens_.peek().text) + "x)");
    return nullptr;
  }
  ExpressionPtr operand = parse_unary();
  if (!operand) return nullptr;
  const unsigned depth = operand->depth + 1;
  if (operation.kind == TokenKind::star) return make(operation.place, Dereference{std::move(operand)}, depth);
  if (operation.kind == TokenKind::ampersand) return make(operation.place, AddressOf{std::move(operand)}, depth);
  return make(operation.place, Unary{*unary_operator(operation.kind), std::move(operand)}, depth);
}

ExpressionPtr ExpressionParser::parse_primary() {
  ExpressionPtr result = parse_operand();
  while (result && (tokens_.at(TokenKind::left_bracket) || tokens_.at(TokenKind::dot) || tokens_.at(TokenKind::arrow)))
    result = parse_postfix(std::move(result));
  return result;
}

ExpressionPtr ExpressionParser::parse_operand() {
  const Token token = tokens_.peek();
  switch (token.kind) {
    case TokenKind::number:
      tokens_.take();
      if (tokens_.at(TokenKind::left_parenthesis) && types_.is_function(token.text)) return parse_user_call(token);
      return make(token.place, Number{token.value});
    case TokenKind::floating:
      tokens_.take();
      return make(token.place, FloatingNumber{token.floating});
    case TokenKind::symbol:
      tokens_.take();
      return make(token.place, Symbol{std::string(token.text)});
    case TokenKind::global:
      tokens_.take();
      return make(token.place, Global{std::string(token.text)});
    case TokenKind::register_name:
      return parse_register();
    case TokenKind::pseudo_register:
      return parse_pseudo_register();
    case TokenKind::word:
      return parse_word();
    case TokenKind::left_parenthesis:
      return parse_parentheses();
    case TokenKind::string:
    case TokenKind::wide_string:
      tokens_.complain(token.place, "Syntax Error: Invalid Syntax: a string is no value",
                       "strings are the formats of printf, and arguments of functions like strcmp");
      return nullptr;
    default:
      tokens_.complain_expected("a value");
      return nullptr;
  }
}

ExpressionPtr ExpressionParser::parse_postfix(ExpressionPtr base) {
  return tokens_.at(TokenKind::left_bracket) ? parse_index(std::move(base)) : parse_member(std::move(base));
}

ExpressionPtr ExpressionParser::parse_index(ExpressionPtr base) {
  const Place place = tokens_.take().place;
  const bool outer = std::exchange(in_condition_, false);
  ExpressionPtr index = parse();
  in_condition_ = outer;
  if (!index || !tokens_.expect(TokenKind::right_bracket, "`]`")) return nullptr;
  const unsigned depth = std::max(base->depth, index->depth) + 1;
  return make(place, Index{std::move(base), std::move(index)}, depth);
}

ExpressionPtr ExpressionParser::parse_member(ExpressionPtr base) {
  const bool through_pointer = tokens_.take().kind == TokenKind::arrow;
  const Token name = tokens_.peek();
  if (!is_name_like(name)) {
    tokens_.complain_expected("the name of a member");
    return nullptr;
  }
  tokens_.take();
  const unsigned depth = base->depth + 1;
  return make(name.place, MemberAccess{std::move(base), std::string(name.text), through_pointer}, depth);
}

ExpressionPtr ExpressionParser::parse_parentheses() {
  const Place place = tokens_.take().place;
  if (types_.at_type(TypeParser::Context::cast)) return parse_cast(place);
  ExpressionPtr inner = parse();
  if (!inner) return nullptr;
  const bool assigns = tokens_.at(TokenKind::assign);
  if (!tokens_.expect(TokenKind::right_parenthesis, "`)`", assigns ? "`==` compares" : "")) return nullptr;
  return inner;
}

ExpressionPtr ExpressionParser::parse_cast(Place place) {
  const auto type = types_.parse_type();
  if (!type || !tokens_.expect(TokenKind::right_parenthesis, "`)`")) return nullptr;
  ExpressionPtr operand = parse_unary();
  if (!operand) return nullptr;
  const unsigned depth = operand->depth + 1;
  return make(place, Cast{*type, std::move(operand)}, depth);
}

ExpressionPtr ExpressionParser::parse_size(Place place) {
  SizeOf size;
  if (tokens_.at(TokenKind::left_parenthesis) && types_.at_type(TypeParser::Context::size, 1)) {
    tokens_.take();
    const auto type = types_.parse_type();
    if (!type || !tokens_.expect(TokenKind::right_parenthesis, "`)`")) return nullptr;
    if (!type->is(Type::Kind::none) && !types_.check_complete(*type, place)) return nullptr;
    size.type = *type;
    return make(place, std::move(size));
  }
  size.operand = parse_unary();
  if (!size.operand) return nullptr;
  const unsigned depth = size.operand->depth + 1;
  return make(place, std::move(size), depth);
}

// reference(x), the function form of &x
ExpressionPtr ExpressionParser::parse_reference(Place place) {
  if (!tokens_.expect(TokenKind::left_parenthesis, "`(` behind `reference`")) return nullptr;
  ExpressionPtr object = parse();
  if (!object || !tokens_.expect(TokenKind::right_parenthesis, "`)`")) return nullptr;
  const unsigned depth = object->depth + 1;
  return make(place, AddressOf{std::move(object)}, depth);
}

ExpressionPtr ExpressionParser::parse_word() {
  const Token token = tokens_.take();
  const std::string_view word = token.text;
  if (word == "sizeof") return parse_size(token.place);
  if (word == "reference" || word == "ref") return parse_reference(token.place);
  if (types_.is_function(word) && tokens_.at(TokenKind::left_parenthesis)) return parse_user_call(token);
  if (const Builtin* function = find_builtin(word)) return parse_call(*function, token.place);
  if (is_type_word(word)) {
    tokens_.complain(token.place, "Syntax Error: Invalid Syntax: expected a value before the type " + quoted(word),
                     "a cast is written (" + std::string(word) + ") value");
    return nullptr;
  }
  if (word == "printf" || word == "print" || word == "formats" || find_aggregate(word)) {
    tokens_.complain(token.place, "Syntax Error: Invalid Syntax: " + quoted(word) + " has no value");
    return nullptr;
  }
  if (is_statement_word(word)) {
    tokens_.complain(token.place, "Syntax Error: Invalid Syntax: expected a value before " + quoted(word));
    return nullptr;
  }
  if (const auto part = find_register(word)) return make(token.place, Register{*part});
  if (tokens_.at(TokenKind::left_parenthesis)) return parse_user_call(token);
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
  if (!parse_arguments(arguments, function.text_arguments)) return nullptr;
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

ExpressionPtr ExpressionParser::parse_user_call(const Token& name) {
  UserCall call;
  call.name = name.text;
  // Somebody who misspelt a function or a keyword is told that, not what follows from it.
  const bool known = types_.is_function(name.text);
  const std::string hint = known ? "" : keyword_hint(name);
  if (!parse_arguments(call.arguments, known ? 0 : any_number, hint)) {
    if (!hint.empty()) tokens_.skip_parenthesis();
    return nullptr;
  }
  unsigned depth = 0;
  for (const ExpressionPtr& argument : call.arguments) depth = std::max(depth, argument->depth);
  return make(name.place, std::move(call), depth + 1);
}

bool ExpressionParser::parse_arguments(std::vector<ExpressionPtr>& arguments, std::size_t strings, std::string hint) {
  tokens_.take();
  if (tokens_.accept(TokenKind::right_parenthesis)) return true;
  const bool outer = std::exchange(in_condition_, false);
  bool whole = true;
  do {
    const bool is_string = tokens_.at(TokenKind::string) || tokens_.at(TokenKind::wide_string);
    ExpressionPtr argument = is_string && arguments.size() < strings ? parse_string() : parse();
    whole = argument != nullptr;
    arguments.push_back(std::move(argument));
  } while (whole && tokens_.accept(TokenKind::comma));
  in_condition_ = outer;
  return whole && tokens_.expect(TokenKind::right_parenthesis, "`,` or `)`", std::move(hint));
}

ExpressionPtr ExpressionParser::parse_string() {
  const Token token = tokens_.take();
  return make(token.place, String{token.contents, token.kind == TokenKind::wide_string});
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
  if (name) return make(token.place, PseudoRegister{*name});
  tokens_.complain(token.place, "Syntax Error: Unknown Token: there is no pseudo-register " + shown,
                   token.text.starts_with("arg") ? "the arguments of .script are put in before a command runs" : "");
  return nullptr;
}

}  // namespace hyperdbg::script
