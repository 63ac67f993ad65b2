// SPDX-License-Identifier: MIT
#pragma once
#include <optional>

#include "script/syntax/ast.hpp"
#include "script/syntax/token.hpp"

namespace hyperdbg::script {

// What `+=` and its like do before they assign.
inline std::optional<BinaryOperator> compound_operator(TokenKind token) {
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

}  // namespace hyperdbg::script
