// SPDX-License-Identifier: MIT
#pragma once
#include "script/syntax/ast.hpp"
#include "script/syntax/token_stream.hpp"
#include "script/syntax/type_parser.hpp"

namespace hyperdbg::script {

// Recursive descent over expressions. A null result means that a complaint was made.
class ExpressionParser {
 public:
  ExpressionParser(TokenStream& tokens, TypeParser& types) : tokens_(tokens), types_(types) {}

  ExpressionPtr parse() { return parse_binary(1); }
  // Conditions are pickier: two unary operators in a row are a mistake there, as HyperDbg's tests have it.
  ExpressionPtr parse_condition();
  // What can stand to the left of `=`, `++` or be a statement as a call; no binary operators.
  ExpressionPtr parse_unary();
  // A string literal, where one may stand in place of an address.
  ExpressionPtr parse_string();

 private:
  ExpressionPtr parse_binary(int lowest_level);
  ExpressionPtr parse_prefix(const Token& operation);
  ExpressionPtr parse_primary();
  ExpressionPtr parse_operand();
  ExpressionPtr parse_postfix(ExpressionPtr base);
  ExpressionPtr parse_index(ExpressionPtr base);
  ExpressionPtr parse_member(ExpressionPtr base);
  ExpressionPtr parse_parentheses();
  ExpressionPtr parse_cast(Place place);
  ExpressionPtr parse_size(Place place);
  ExpressionPtr parse_reference(Place place);
  ExpressionPtr parse_word();
  ExpressionPtr parse_call(const Builtin& function, Place place);
  ExpressionPtr parse_user_call(const Token& name);
  // The first `strings` may be string literals.
  bool parse_arguments(std::vector<ExpressionPtr>& arguments, std::size_t strings = 0, std::string hint = {});
  ExpressionPtr parse_register();
  ExpressionPtr parse_pseudo_register();
  template <class Node>
  ExpressionPtr make(Place place, Node node, unsigned depth = 1);
  ExpressionPtr make_binary(Token operation, BinaryOperator kind, ExpressionPtr left, ExpressionPtr right);

  TokenStream& tokens_;
  TypeParser& types_;
  unsigned nesting_ = 0;
  bool in_condition_ = false;
};

// Bounds the recursion of everything that walks the tree.
inline constexpr unsigned maximum_depth = 400;
inline constexpr unsigned maximum_nesting = 100;
inline constexpr const char* too_deep = "Internal Error: Please split the expression to many smaller expressions.";

}  // namespace hyperdbg::script
