// SPDX-License-Identifier: MIT
#include "script/passes/operand_types.hpp"

namespace hyperdbg::script {
namespace {

using Kind = Type::Kind;

bool allows_floating(BinaryOperator operation) {
  switch (operation) {
    case BinaryOperator::multiply:
    case BinaryOperator::divide:
    case BinaryOperator::add:
    case BinaryOperator::subtract:
      return true;
    default:
      return is_comparison(operation);
  }
}

Type floating_type(BinaryOperator operation, const Type& left, const Type& right, std::string& problem) {
  const bool logical = operation == BinaryOperator::logical_and || operation == BinaryOperator::logical_or;
  if (logical) return signed_type;
  if (!allows_floating(operation))
    problem = "Unsupported floating-point operation";
  else if (!left.is(Kind::floating) || !right.is(Kind::floating))
    problem = "Unsupported floating-point operation: an integer and a floating-point number need a cast";
  return is_comparison(operation) ? signed_type : common(left, right);
}

Type pointer_type(BinaryOperator operation, const Type& left, const Type& right, std::string& problem) {
  if (is_comparison(operation)) return signed_type;
  const bool both = left.is(Kind::pointer) && right.is(Kind::pointer);
  if (operation == BinaryOperator::subtract && both) {
    if (!same(*left.element, *right.element)) problem = "Syntax Error: Invalid Syntax: the pointers differ in type";
    return signed_type;
  }
  if (operation == BinaryOperator::add && !both) return left.is(Kind::pointer) ? left : right;
  if (operation == BinaryOperator::subtract && left.is(Kind::pointer)) return left;
  // Anything else is arithmetic with the address as a number.
  return unsigned_type;
}

}  // namespace

bool is_comparison(BinaryOperator operation) {
  switch (operation) {
    case BinaryOperator::less:
    case BinaryOperator::greater:
    case BinaryOperator::less_equal:
    case BinaryOperator::greater_equal:
    case BinaryOperator::equal:
    case BinaryOperator::not_equal:
    case BinaryOperator::logical_and:
    case BinaryOperator::logical_or:
      return true;
    default:
      return false;
  }
}

// As in C: a shift has the type of what is shifted, the rest the wider type, unsigned as soon as one side is.
Type type_of_operation(BinaryOperator operation, const Type& left_type, const Type& right_type, std::string& problem) {
  const Type left = decayed(left_type);
  const Type right = decayed(right_type);
  if (left.is_aggregate() || right.is_aggregate()) {
    problem = "Syntax Error: Invalid Syntax: a structure is no operand";
    return unsigned_type;
  }
  if (left.is(Kind::floating) || right.is(Kind::floating)) return floating_type(operation, left, right, problem);
  if (left.is(Kind::pointer) || right.is(Kind::pointer)) return pointer_type(operation, left, right, problem);
  if (is_comparison(operation)) return signed_type;
  if (operation == BinaryOperator::shift_left || operation == BinaryOperator::shift_right) return promoted(left);
  return common(left, right);
}

}  // namespace hyperdbg::script
