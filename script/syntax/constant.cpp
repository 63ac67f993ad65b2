// SPDX-License-Identifier: MIT
#include "script/syntax/constant.hpp"

namespace hyperdbg::script {
namespace {

using Value = std::optional<std::uint64_t>;

Value of_unary(const Unary& node) {
  const Value operand = constant_value(*node.operand);
  if (!operand) return std::nullopt;
  switch (node.operation) {
    case UnaryOperator::negate:
      return 0 - *operand;
    case UnaryOperator::plus:
      return operand;
    case UnaryOperator::complement:
      return ~*operand;
    case UnaryOperator::logical_not:
      return *operand == 0 ? 1 : 0;
  }
  return std::nullopt;
}

Value of_binary(const Binary& node) {
  const Value left = constant_value(*node.left);
  const Value right = constant_value(*node.right);
  if (!left || !right) return std::nullopt;
  switch (node.operation) {
    case BinaryOperator::multiply:
      return *left * *right;
    case BinaryOperator::add:
      return *left + *right;
    case BinaryOperator::subtract:
      return *left - *right;
    case BinaryOperator::bit_and:
      return *left & *right;
    case BinaryOperator::bit_or:
      return *left | *right;
    case BinaryOperator::bit_xor:
      return *left ^ *right;
    case BinaryOperator::shift_left:
      return *right < 64 ? Value(*left << *right) : std::nullopt;
    default:
      break;
  }
  // Literals are signed.
  const auto dividend = static_cast<std::int64_t>(*left);
  const auto divisor = static_cast<std::int64_t>(*right);
  if (node.operation == BinaryOperator::shift_right && *right < 64)
    return static_cast<std::uint64_t>(dividend >> divisor);
  if (divisor == 0 || divisor == -1) return std::nullopt;
  if (node.operation == BinaryOperator::divide) return static_cast<std::uint64_t>(dividend / divisor);
  if (node.operation == BinaryOperator::modulo) return static_cast<std::uint64_t>(dividend % divisor);
  return std::nullopt;
}

}  // namespace

ExpressionPtr number_at(Place place, std::uint64_t value) {
  auto expression = std::make_unique<Expression>();
  expression->place = place;
  expression->node = Number{value};
  return expression;
}

std::optional<std::uint64_t> constant_value(const Expression& expression) {
  if (const auto* number = std::get_if<Number>(&expression.node)) return number->value;
  if (const auto* symbol = std::get_if<Symbol>(&expression.node); symbol && symbol->address != 0)
    return symbol->address;
  if (const auto* size = std::get_if<SizeOf>(&expression.node))
    return !size->operand ? Value(size_of(size->type)) : size->size != 0 ? Value(size->size) : std::nullopt;
  if (const auto* unary = std::get_if<Unary>(&expression.node)) return of_unary(*unary);
  if (const auto* binary = std::get_if<Binary>(&expression.node)) return of_binary(*binary);
  return std::nullopt;
}

}  // namespace hyperdbg::script
