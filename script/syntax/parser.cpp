// SPDX-License-Identifier: MIT
#include "script/syntax/parser.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "script/runtime/format.hpp"
#include "script/syntax/aggregate_parser.hpp"
#include "script/syntax/aggregates.hpp"
#include "script/syntax/compound_operator.hpp"
#include "script/syntax/constant.hpp"
#include "script/syntax/declaration_parser.hpp"
#include "script/syntax/expression_parser.hpp"
#include "script/syntax/hints.hpp"
#include "script/syntax/lexer.hpp"
#include "script/syntax/number.hpp"
#include "script/syntax/token_stream.hpp"
#include "script/syntax/words.hpp"

namespace hyperdbg::script {
namespace {

class Parser {
 public:
  Parser(TokenStream& tokens, ForeignTypes* debuggee)
      : tokens_(tokens),
        types_(tokens, debuggee),
        expressions_(tokens, types_),
        declarations_(tokens, types_, expressions_) {}

  Program parse_script() {
    program_.functions.push_back(std::make_unique<Function>());
    Block body;
    while (!tokens_.at_end()) {
      parse_into(body);
      if (tokens_.at(TokenKind::right_brace)) {
        tokens_.complain(tokens_.peek().place, "Syntax Error: Invalid Syntax: a `}` without its `{`");
        tokens_.take();
      }
    }
    program_.main().body = std::move(body);
    program_.main().defined = true;
    types_.hand_over_structures(program_.structures);
    return std::move(program_);
  }

 private:
  // One statement; a wrong one is skipped.
  void parse_into(Block& block) {
    if (tokens_.accept(TokenKind::semicolon)) return;
    if (tokens_.at(TokenKind::right_brace)) return;
    if (types_.at_type() || tokens_.at_word("typedef")) {
      if (!parse_declaration(block)) tokens_.skip_statement();
    } else if (StatementPtr statement = parse_statement()) {
      block.push_back(std::move(statement));
    } else {
      tokens_.skip_statement();
    }
  }

  // What starts with a type: structures and typedefs leave no statement, variables one each.
  bool parse_declaration(Block& block) {
    if (tokens_.at_word("typedef")) return declarations_.parse_typedef();
    if (declarations_.at_structure_declaration()) return parse_structure(block);
    const auto base = types_.parse_base();
    if (!base) return false;
    const auto first = declarations_.parse_declarator(*base);
    if (!first) return false;
    if (tokens_.at(TokenKind::left_parenthesis)) return parse_function(*first);
    return parse_variables(block, *base, *first) && expect_semicolon();
  }

  // `struct S { ... };`, also with variables of it before the semicolon.
  bool parse_structure(Block& block) {
    const auto type = declarations_.parse_structure_body();
    if (!type) return false;
    const bool names_variables = tokens_.at(TokenKind::star) || is_name_like(tokens_.peek());
    if (!names_variables || tokens_.at_new_line()) return expect_semicolon("a structure ends with `};`");
    return parse_variables(block, *type, declarations_.parse_declarator(*type)) && expect_semicolon();
  }

  // `int x = 1, y = 2`, without its semicolon.
  bool parse_variables(Block& block, const Type& base, std::optional<Declarator> declarator) {
    while (declarator) {
      Declaration declaration;
      const bool right = declarations_.parse_variable(*declarator, declaration);
      if (!declaration.name.empty()) block.push_back(make(declarator->name.place, std::move(declaration)));
      if (!right) return false;
      if (!tokens_.accept(TokenKind::comma)) return true;
      declarator = declarations_.parse_declarator(base);
    }
    return false;
  }

  Function& declared_function(const Declarator& head) {
    const auto known = std::ranges::find(program_.functions, head.name.text, &Function::name);
    if (known != program_.functions.end()) return **known;
    Function& function = *program_.functions.emplace_back(std::make_unique<Function>());
    function.name = head.name.text;
    function.place = head.name.place;
    function.result = head.type;
    return function;
  }

  bool parse_function(const Declarator& head) {
    tokens_.take();
    if (!declarations_.check_function_head(head, blocks_ != 0)) return false;
    types_.add_function(head.name.text);
    Function parsed;
    if (!declarations_.parse_parameters(parsed)) return false;
    Function& function = declared_function(head);
    const bool is_known = function.place != head.name.place;
    const auto same_type = [](const Variable& a, const Variable& b) { return same(a.type, b.type); };
    const std::span first(function.locals.data(), function.parameters);
    const bool matches = same(function.result, head.type) && std::ranges::equal(first, parsed.locals, same_type);
    if (is_known && (!matches || (function.defined && tokens_.at(TokenKind::left_brace)))) {
      tokens_.complain(head.name.place, "Syntax Error: Invalid Syntax: the function `" + function.name +
                                            (matches ? "` is there already" : "` was declared with other types"));
      return false;
    }
    function.locals = std::move(parsed.locals);
    function.parameters = parsed.parameters;
    if (tokens_.accept(TokenKind::semicolon)) return true;
    Function* const outer = std::exchange(function_, &function);
    const unsigned outer_loops = std::exchange(loops_, 0);
    auto body = parse_block("function");
    loops_ = outer_loops;
    function_ = outer;
    if (!body) return false;
    function.body = std::move(*body);
    function.defined = true;
    return true;
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
    if (token.kind == TokenKind::word && is_statement_word(token.text)) return parse_keyword(place);
    const Token start = token;
    if (const auto* function = token.kind == TokenKind::word ? find_aggregate(token.text) : nullptr)
      return parse_aggregate(*function, place);
    StatementPtr statement = parse_simple();
    const bool has_body = tokens_.at(TokenKind::left_brace);
    return statement && expect_semicolon(has_body ? keyword_hint(start) : "") ? std::move(statement) : nullptr;
  }

  // At the end of a line one is missed, and taken for there: the next line may have mistakes of its own.
  bool expect_semicolon(std::string hint = {}) {
    return tokens_.expect(TokenKind::semicolon, "`;`", std::move(hint)) || tokens_.at_new_line();
  }

  StatementPtr parse_aggregate(const AggregateFunction& function, Place place) {
    tokens_.take();
    auto node = AggregateParser(tokens_, expressions_).parse(function);
    return node && end_call() ? make(place, std::move(*node)) : nullptr;
  }

  StatementPtr parse_keyword(Place place) {
    const std::string_view word = tokens_.peek().text;
    if (word == "if") return parse_if(place);
    if (word == "while") return parse_while(place);
    if (word == "do") return parse_do(place);
    if (word == "for") return parse_for(place);
    if (word == "printf") return parse_printf(place);
    if (word == "print") return parse_value_message(place, "%llx\n");
    if (word == "formats") return parse_value_message(place, formats_specifier);
    if (word == "switch") return parse_switch(place);
    if (word == "case" || word == "default") {
      tokens_.complain(place, "Syntax Error: Invalid Syntax: " + tokens_.shown() + " outside of a switch");
      return nullptr;
    }
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
      statement = parse_return(place);
    } else if (loops_ == 0 && (word.text == "continue" || switches_ == 0)) {
      tokens_.complain(place, "Syntax Error: Invalid Syntax: `" + std::string(word.text) + "` outside of a loop");
      return nullptr;
    } else {
      statement = word.text == "break" ? make(place, Break{}) : make(place, Continue{});
    }
    return statement && expect_semicolon() ? std::move(statement) : nullptr;
  }

  StatementPtr parse_return(Place place) {
    if (tokens_.at(TokenKind::semicolon)) return make(place, Return{});
    if (!function_) {
      tokens_.complain(tokens_.peek().place, "Returning a value in void function", "the script itself has no value");
      return nullptr;
    }
    ExpressionPtr value = expressions_.parse();
    return value ? make(place, Return{std::move(value)}) : nullptr;
  }

  // Behind `case` or `default`: the label, without its body.
  std::optional<Switch::Case> parse_label() {
    Switch::Case one;
    one.place = tokens_.peek().place;
    if (!tokens_.accept_word("default")) {
      if (!tokens_.accept_word("case")) {
        tokens_.complain_expected("`case` or `default`");
        return std::nullopt;
      }
      one.label = expressions_.parse();
      if (!one.label) return std::nullopt;
    }
    if (!tokens_.at(TokenKind::colon)) {
      tokens_.complain_expected("`:`", "case 5: ... break;");
      return std::nullopt;
    }
    tokens_.take();
    return one;
  }

  bool parse_cases(Switch& statement) {
    const auto at_end = [&] { return tokens_.at_end() || tokens_.at(TokenKind::right_brace); };
    while (!at_end()) {
      auto one = parse_label();
      if (!one) return false;
      while (!at_end() && !tokens_.at_word("case") && !tokens_.at_word("default")) parse_into(one->body);
      statement.cases.push_back(std::move(*one));
    }
    return tokens_.expect(TokenKind::right_brace, "`}`");
  }

  StatementPtr parse_switch(Place place) {
    tokens_.take();
    Switch statement;
    if (!tokens_.expect(TokenKind::left_parenthesis, "`(`")) return nullptr;
    statement.value = expressions_.parse();
    if (!statement.value || !tokens_.expect(TokenKind::right_parenthesis, "`)`")) return nullptr;
    if (!tokens_.expect(TokenKind::left_brace, "`{`")) return nullptr;
    ++switches_;
    const bool whole = ++blocks_ <= maximum_nesting && parse_cases(statement);
    --blocks_;
    --switches_;
    return whole ? make(place, std::move(statement)) : nullptr;
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
    ExpressionPtr condition = expressions_.parse_condition();
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
    if (!tokens_.at(TokenKind::semicolon) && !parse_for_start(loop.first)) return false;
    if (!tokens_.expect(TokenKind::semicolon, "`;`", form)) return false;
    if (!tokens_.at(TokenKind::semicolon) && !(loop.condition = expressions_.parse_condition())) return false;
    if (!tokens_.expect(TokenKind::semicolon, "`;`", form)) return false;
    if (!tokens_.at(TokenKind::right_parenthesis) && !(loop.step = parse_simple())) return false;
    return tokens_.expect(TokenKind::right_parenthesis, "`)`", form);
  }

  bool parse_for_start(Block& block) {
    if (types_.at_type()) {
      const auto base = types_.parse_base();
      return base && parse_variables(block, *base, declarations_.parse_declarator(*base));
    }
    StatementPtr statement = parse_simple();
    if (!statement) return false;
    block.push_back(std::move(statement));
    return true;
  }

  // An assignment or a call, without its semicolon.
  StatementPtr parse_simple() {
    const Token start = tokens_.peek();
    ExpressionPtr target = expressions_.parse_unary();
    if (!target) return nullptr;
    const Token operation = tokens_.peek();
    if (operation.kind == TokenKind::increment || operation.kind == TokenKind::decrement)
      return parse_step(start, std::move(target));
    if (operation.kind == TokenKind::assign) return parse_chain(start, std::move(target));
    if (const auto compound = compound_operator(operation.kind))
      return parse_compound(start, *compound, std::move(target));
    if (std::holds_alternative<Call>(target->node) || std::holds_alternative<UserCall>(target->node))
      return make(start.place, CallStatement{std::move(target)});
    tokens_.complain_expected("`=`", hint_for_value(start, tokens_.peek()));
    return nullptr;
  }

  bool check_target(const Token& start, const Expression& target) {
    if (std::holds_alternative<Local>(target.node) || std::holds_alternative<Global>(target.node) ||
        std::holds_alternative<Register>(target.node) || std::holds_alternative<Dereference>(target.node) ||
        std::holds_alternative<Index>(target.node) || std::holds_alternative<MemberAccess>(target.node))
      return true;
    const bool pseudo = std::holds_alternative<PseudoRegister>(target.node);
    tokens_.complain(target.place,
                     pseudo ? "Syntax Error: Invalid Syntax: pseudo-registers are read only"
                            : "Syntax Error: Invalid Syntax: only variables, registers and *address can be assigned",
                     number_hint(start));
    return false;
  }

  StatementPtr parse_step(const Token& start, ExpressionPtr target) {
    const Token operation = tokens_.take();
    if (!check_target(start, *target)) return nullptr;
    Assignment assignment;
    assignment.operation = operation.kind == TokenKind::increment ? BinaryOperator::add : BinaryOperator::subtract;
    assignment.targets.push_back(std::move(target));
    assignment.value = number_at(operation.place, 1);
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

  StatementPtr parse_value_message(Place place, const char* format) {
    tokens_.take();
    Message message;
    message.format = format;
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

  Program program_;
  TokenStream& tokens_;
  TypeParser types_;
  ExpressionParser expressions_;
  DeclarationParser declarations_;
  Function* function_ = nullptr;  // null: the script itself
  unsigned blocks_ = 0;
  unsigned loops_ = 0;
  unsigned switches_ = 0;
};

}  // namespace

Program parse(std::string_view text, std::string_view folder, ForeignTypes* debuggee, Diagnostics& diagnostics) {
  TokenStream tokens(tokenize(text, folder, diagnostics), diagnostics);
  return Parser(tokens, debuggee).parse_script();
}

}  // namespace hyperdbg::script
