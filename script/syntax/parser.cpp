// SPDX-License-Identifier: MIT
#include "script/syntax/parser.hpp"

#include <algorithm>
#include <utility>

#include "script/syntax/expression_parser.hpp"
#include "script/syntax/lexer.hpp"
#include "script/syntax/number.hpp"
#include "script/syntax/token_stream.hpp"
#include "script/syntax/words.hpp"

namespace hyperdbg::script {
namespace {

std::optional<BinaryOperator> compound_operator(TokenKind token) {
  switch (token) {
    case TokenKind::plus_assign:
      return BinaryOperator::add;
    case TokenKind::minus_assign:
      return BinaryOperator::subtract;
    case TokenKind::star_assign:
      return BinaryOperator::multiply;
    case TokenKind::slash_assign:
      return BinaryOperator::divide;
    case TokenKind::percent_assign:
      return BinaryOperator::modulo;
    case TokenKind::shift_left_assign:
      return BinaryOperator::shift_left;
    case TokenKind::shift_right_assign:
      return BinaryOperator::shift_right;
    case TokenKind::ampersand_assign:
      return BinaryOperator::bit_and;
    case TokenKind::caret_assign:
      return BinaryOperator::bit_xor;
    case TokenKind::bar_assign:
      return BinaryOperator::bit_or;
    default:
      return std::nullopt;
  }
}

ExpressionPtr one(Place place) {
  auto expression = std::make_unique<Expression>();
  expression->place = place;
  expression->node = Number{1};
  return expression;
}

class Parser {
 public:
  Parser(TokenStream& tokens) : tokens_(tokens), expressions_(tokens) {}

  Block parse_script() {
    Block body;
    while (!tokens_.at_end()) {
      parse_into(body);
      if (tokens_.at(TokenKind::right_brace)) {
        tokens_.complain(tokens_.peek().place, "Syntax Error: Invalid Syntax: a `}` without its `{`");
        tokens_.take();
      }
    }
    return body;
  }

 private:
  // One statement; a wrong one is skipped.
  void parse_into(Block& block) {
    if (tokens_.accept(TokenKind::semicolon)) return;
    if (tokens_.at(TokenKind::right_brace)) return;
    if (StatementPtr statement = parse_statement())
      block.push_back(std::move(statement));
    else
      tokens_.skip_statement();
  }

  template <class Node>
  static StatementPtr make(Place place, Node node) {
    auto statement = std::make_unique<Statement>();
    statement->place = place;
    statement->node = std::move(node);
    return statement;
  }

  StatementPtr parse_statement() {
    const Token& token = tokens_.peek();
    const Place place = token.place;
    if (token.kind == TokenKind::left_brace) {
      auto body = parse_block("");
      return body ? make(place, Nested{std::move(*body)}) : nullptr;
    }
    if (token.kind == TokenKind::word && is_type_word(token.text)) {
      tokens_.complain(place, "declared types are not available yet: " + tokens_.shown(),
                       "assign without a type; such variables are unsigned and have 64 bits");
      return nullptr;
    }
    if (token.kind == TokenKind::word && is_statement_word(token.text)) return parse_keyword(place);
    StatementPtr statement = parse_simple();
    return statement && expect_semicolon() ? std::move(statement) : nullptr;
  }

  bool expect_semicolon() { return tokens_.expect(TokenKind::semicolon, "`;`"); }

  StatementPtr parse_keyword(Place place) {
    const std::string_view word = tokens_.peek().text;
    if (word == "if") return parse_if(place);
    if (word == "while") return parse_while(place);
    if (word == "do") return parse_do(place);
    if (word == "for") return parse_for(place);
    if (word == "printf") return parse_printf(place);
    if (word == "print") return parse_print(place);
    if (word == "else" || word == "elsif") {
      tokens_.complain(place, "Syntax Error: Invalid Syntax: " + tokens_.shown() + " without an if before it");
      return nullptr;
    }
    return parse_jump(place);
  }

  StatementPtr parse_jump(Place place) {
    const Token word = tokens_.take();
    StatementPtr statement;
    if (word.text == "return") {
      if (!tokens_.at(TokenKind::semicolon)) {
        tokens_.complain(tokens_.peek().place, "Returning a value in void function", "the script itself has no value");
        return nullptr;
      }
      statement = make(place, Return{});
    } else if (loops_ == 0) {
      tokens_.complain(place, "Syntax Error: Invalid Syntax: `" + std::string(word.text) + "` outside of a loop");
      return nullptr;
    } else {
      statement = word.text == "break" ? make(place, Break{}) : make(place, Continue{});
    }
    return expect_semicolon() ? std::move(statement) : nullptr;
  }

  std::optional<Block> parse_block(std::string_view owner) {
    if (!tokens_.at(TokenKind::left_brace)) {
      tokens_.complain_expected("`{`", owner.empty() ? "" : "the body of `" + std::string(owner) + "` needs braces");
      return std::nullopt;
    }
    const Token open = tokens_.take();
    if (++blocks_ > maximum_nesting) {
      tokens_.complain(open.place, "Syntax Error: Invalid Syntax: blocks are nested too deeply");
      --blocks_;
      return std::nullopt;
    }
    Block body;
    while (!tokens_.at_end() && !tokens_.at(TokenKind::right_brace)) parse_into(body);
    --blocks_;
    if (!tokens_.accept(TokenKind::right_brace))
      tokens_.complain(open.place, "Syntax Error: Invalid Syntax: a `{` without its `}`");
    return body;
  }

  std::optional<Block> parse_loop_body(std::string_view owner) {
    ++loops_;
    auto body = parse_block(owner);
    --loops_;
    return body;
  }

  // A wrong condition is null; its body is parsed all the same, for its own mistakes.
  ExpressionPtr parse_condition(std::string_view owner) {
    if (!tokens_.expect(TokenKind::left_parenthesis, "`(`",
                        "the condition of `" + std::string(owner) + "` stands in parentheses")) {
      tokens_.skip_parenthesis();
      return nullptr;
    }
    ExpressionPtr condition = expressions_.parse();
    const bool assigns = tokens_.at(TokenKind::assign);
    if (condition && tokens_.expect(TokenKind::right_parenthesis, "`)`", assigns ? "`==` compares" : ""))
      return condition;
    tokens_.skip_parenthesis();
    return nullptr;
  }

  bool parse_branch(If& statement, std::string_view owner) {
    ExpressionPtr condition = parse_condition(owner);
    auto body = parse_block(owner);
    if (!body) return false;
    statement.branches.push_back({std::move(condition), std::move(*body)});
    return true;
  }

  bool accept_elsif() {
    if (tokens_.accept_word("elsif")) return true;
    const bool else_if =
        tokens_.at_word("else") && tokens_.peek(1).kind == TokenKind::word && tokens_.peek(1).text == "if";
    if (!else_if) return false;
    tokens_.take();
    tokens_.take();
    return true;
  }

  StatementPtr parse_if(Place place) {
    tokens_.take();
    If statement;
    if (!parse_branch(statement, "if")) return nullptr;
    while (accept_elsif())
      if (!parse_branch(statement, "elsif")) return nullptr;
    if (tokens_.accept_word("else")) {
      auto otherwise = parse_block("else");
      if (!otherwise) return nullptr;
      statement.otherwise = std::move(*otherwise);
    }
    return make(place, std::move(statement));
  }

  StatementPtr parse_while(Place place) {
    tokens_.take();
    Loop loop;
    loop.condition = parse_condition("while");
    auto body = parse_loop_body("while");
    if (!body) return nullptr;
    loop.body = std::move(*body);
    return make(place, std::move(loop));
  }

  StatementPtr parse_do(Place place) {
    tokens_.take();
    Loop loop;
    loop.tested_first = false;
    auto body = parse_loop_body("do");
    if (!body) return nullptr;
    loop.body = std::move(*body);
    if (!tokens_.accept_word("while")) {
      tokens_.complain_expected("`while`", "do { ... } while (condition);");
      return nullptr;
    }
    loop.condition = parse_condition("while");
    return expect_semicolon() ? make(place, std::move(loop)) : nullptr;
  }

  StatementPtr parse_for(Place place) {
    tokens_.take();
    Loop loop;
    if (!parse_for_head(loop)) tokens_.skip_parenthesis();
    auto body = parse_loop_body("for");
    if (!body) return nullptr;
    loop.body = std::move(*body);
    return make(place, std::move(loop));
  }

  bool parse_for_head(Loop& loop) {
    const char* form = "for (start; condition; step) { ... }";
    if (!tokens_.expect(TokenKind::left_parenthesis, "`(`", form)) return false;
    if (!tokens_.at(TokenKind::semicolon) && !(loop.first = parse_simple())) return false;
    if (!tokens_.expect(TokenKind::semicolon, "`;`", form)) return false;
    if (!tokens_.at(TokenKind::semicolon) && !(loop.condition = expressions_.parse())) return false;
    if (!tokens_.expect(TokenKind::semicolon, "`;`", form)) return false;
    if (!tokens_.at(TokenKind::right_parenthesis) && !(loop.step = parse_simple())) return false;
    return tokens_.expect(TokenKind::right_parenthesis, "`)`", form);
  }

  // An assignment or a call, without its semicolon.
  StatementPtr parse_simple() {
    const Token start = tokens_.peek();
    if (start.kind == TokenKind::word && is_type_word(start.text)) {
      tokens_.complain(start.place, "declared types are not available yet: " + tokens_.shown());
      return nullptr;
    }
    ExpressionPtr target = expressions_.parse_unary();
    if (!target) return nullptr;
    const Token operation = tokens_.peek();
    if (operation.kind == TokenKind::increment || operation.kind == TokenKind::decrement)
      return parse_step(start, std::move(target));
    if (operation.kind == TokenKind::assign) return parse_chain(start, std::move(target));
    if (const auto compound = compound_operator(operation.kind))
      return parse_compound(start, *compound, std::move(target));
    if (std::holds_alternative<Call>(target->node)) return make(start.place, CallStatement{std::move(target)});
    tokens_.complain_expected("`=`", operation.kind == TokenKind::equal
                                         ? "`==` compares, `=` assigns"
                                         : "a value alone is no statement" + name_hint(start));
    return nullptr;
  }

  // For somebody who took a number for a name.
  static std::string name_hint(const Token& token) {
    if (token.kind != TokenKind::number || !is_hexadecimal_word(token.text)) return {};
    const std::string name(token.text);
    return "; `" + name + "` is the number 0x" + name + ", because a name needs at least one letter from g to z";
  }

  bool check_target(const Token& start, const Expression& target) {
    if (std::holds_alternative<Local>(target.node) || std::holds_alternative<Global>(target.node) ||
        std::holds_alternative<Register>(target.node) || std::holds_alternative<Dereference>(target.node))
      return true;
    const bool pseudo = std::holds_alternative<PseudoRegister>(target.node);
    std::string hint = name_hint(start);
    if (!hint.empty()) hint.erase(0, 2);
    tokens_.complain(target.place,
                     pseudo ? "Syntax Error: Invalid Syntax: pseudo-registers are read only"
                            : "Syntax Error: Invalid Syntax: only variables, registers and *address can be assigned",
                     hint);
    return false;
  }

  StatementPtr parse_step(const Token& start, ExpressionPtr target) {
    const Token operation = tokens_.take();
    if (!check_target(start, *target)) return nullptr;
    Assignment assignment;
    assignment.operation = operation.kind == TokenKind::increment ? BinaryOperator::add : BinaryOperator::subtract;
    assignment.targets.push_back(std::move(target));
    assignment.value = one(operation.place);
    return make(operation.place, std::move(assignment));
  }

  StatementPtr parse_compound(const Token& start, BinaryOperator operator_, ExpressionPtr target) {
    const Token operation = tokens_.take();
    if (!check_target(start, *target)) return nullptr;
    Assignment assignment;
    assignment.operation = operator_;
    assignment.targets.push_back(std::move(target));
    assignment.value = expressions_.parse();
    return assignment.value ? make(operation.place, std::move(assignment)) : nullptr;
  }

  StatementPtr parse_chain(const Token& start, ExpressionPtr target) {
    if (!check_target(start, *target)) return nullptr;
    Assignment assignment;
    assignment.targets.push_back(std::move(target));
    const Place place = tokens_.peek().place;
    while (tokens_.accept(TokenKind::assign)) {
      if (assignment.value) assignment.targets.push_back(std::move(assignment.value));
      const Token first = tokens_.peek();
      assignment.value = expressions_.parse();
      if (!assignment.value) return nullptr;
      if (tokens_.at(TokenKind::assign) && !check_target(first, *assignment.value)) return nullptr;
    }
    return make(place, std::move(assignment));
  }

  StatementPtr parse_print(Place place) {
    tokens_.take();
    Message message;
    message.format = "%llx\n";
    if (!tokens_.expect(TokenKind::left_parenthesis, "`(`")) return nullptr;
    ExpressionPtr value = expressions_.parse();
    if (!value) return nullptr;
    message.arguments.push_back(std::move(value));
    return end_call() ? make(place, std::move(message)) : nullptr;
  }

  StatementPtr parse_printf(Place place) {
    tokens_.take();
    Message message;
    if (!tokens_.expect(TokenKind::left_parenthesis, "`(`")) return nullptr;
    if (!tokens_.at(TokenKind::string)) {
      tokens_.complain_expected("a format in quotes", "printf(\"%llx\\n\", value);");
      return nullptr;
    }
    message.format = tokens_.take().contents;
    while (tokens_.accept(TokenKind::comma)) {
      ExpressionPtr argument = expressions_.parse();
      if (!argument) return nullptr;
      message.arguments.push_back(std::move(argument));
    }
    return end_call() ? make(place, std::move(message)) : nullptr;
  }

  bool end_call() { return tokens_.expect(TokenKind::right_parenthesis, "`,` or `)`") && expect_semicolon(); }

  TokenStream& tokens_;
  ExpressionParser expressions_;
  unsigned blocks_ = 0;
  unsigned loops_ = 0;
};

}  // namespace

Program parse(std::string_view text, Diagnostics& diagnostics) {
  TokenStream tokens(tokenize(text, diagnostics), diagnostics);
  Program program;
  program.body = Parser(tokens).parse_script();
  return program;
}

}  // namespace hyperdbg::script
