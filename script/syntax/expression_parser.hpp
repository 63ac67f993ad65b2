// SPDX-License-Identifier: MIT
#pragma once
#include "script/syntax/ast.hpp"
#include "script/syntax/token_stream.hpp"

namespace hyperdbg::script {

// Recursive descent over expressions. A null result means that a complaint was made.
class ExpressionParser {
 public:
  explicit ExpressionParser(TokenStream& tokens) : tokens_(tokens) {}

  ExpressionPtr parse() { return parse_binary(1); }
  // What can stand to the left of `=`, `++` or be a statement as a call; no binary operators.
  ExpressionPtr parse_unary();

 private:
  ExpressionPtr parse_binary(int lowest_level);
  ExpressionPtr parse_prefix(const Token& operation);
  ExpressionPtr parse_primary();
  ExpressionPtr parse_parentheses();
  ExpressionPtr parse_word();
  ExpressionPtr parse_call(const Builtin& function, Place place);
  ExpressionPtr parse_unknown_call(const Token& name);
  bool parse_arguments(std::vector<ExpressionPtr>& arguments);
  ExpressionPtr parse_register();
  ExpressionPtr parse_pseudo_register();
  bool has_postfix();

  template <class Node>
  ExpressionPtr make(Place place, Node node, unsigned depth = 1);
  ExpressionPtr make_binary(Token operation, BinaryOperator kind, ExpressionPtr left, ExpressionPtr right);

  TokenStream& tokens_;
  unsigned nesting_ = 0;
};

// Bounds the recursion of everything that walks the tree.
inline constexpr unsigned maximum_depth = 400;
inline constexpr unsigned maximum_nesting = 100;
inline constexpr const char* too_deep = "Internal Error: Please split the expression to many smaller expressions.";

}  // namespace hyperdbg::script
