// SPDX-License-Identifier: MIT
#include "script/emit/expressions.hpp"

#include <cmath>

#include "script/passes/operand_types.hpp"

namespace hyperdbg::script {
using Kind = Type::Kind;

namespace {

bool is_condition(const Expression& expression) {
  if (const auto* unary = std::get_if<Unary>(&expression.node)) return unary->operation == UnaryOperator::logical_not;
  const auto* binary = std::get_if<Binary>(&expression.node);
  return binary && is_comparison(binary->operation);
}

llvm::CmpInst::Predicate predicate(BinaryOperator operation, bool is_signed) {
  using P = llvm::CmpInst::Predicate;
  switch (operation) {
    case BinaryOperator::less:
      return is_signed ? P::ICMP_SLT : P::ICMP_ULT;
    case BinaryOperator::greater:
      return is_signed ? P::ICMP_SGT : P::ICMP_UGT;
    case BinaryOperator::less_equal:
      return is_signed ? P::ICMP_SLE : P::ICMP_ULE;
    case BinaryOperator::greater_equal:
      return is_signed ? P::ICMP_SGE : P::ICMP_UGE;
    case BinaryOperator::equal:
      return P::ICMP_EQ;
    default:
      return P::ICMP_NE;
  }
}

llvm::CmpInst::Predicate floating_predicate(BinaryOperator operation) {
  using P = llvm::CmpInst::Predicate;
  switch (operation) {
    case BinaryOperator::less:
      return P::FCMP_OLT;
    case BinaryOperator::greater:
      return P::FCMP_OGT;
    case BinaryOperator::less_equal:
      return P::FCMP_OLE;
    case BinaryOperator::greater_equal:
      return P::FCMP_OGE;
    case BinaryOperator::equal:
      return P::FCMP_OEQ;
    default:
      return P::FCMP_UNE;
  }
}

}  // namespace

llvm::Value* ExpressionEmitter::value(const Expression& expression) {
  if (is_condition(expression)) return builder_.CreateZExt(condition(expression), builder_.getInt64Ty());
  return expression_value(expression);
}

llvm::Value* ExpressionEmitter::condition(const Expression& expression) {
  if (!is_condition(expression)) {
    llvm::Value* value = expression_value(expression);
    if (expression.type.is(Kind::floating))
      return builder_.CreateFCmpUNE(value, llvm::ConstantFP::get(value->getType(), 0));
    return builder_.CreateICmpNE(value, frame_.constant(0));
  }
  if (const auto* unary = std::get_if<Unary>(&expression.node)) return builder_.CreateNot(condition(*unary->operand));
  const auto& binary = std::get<Binary>(expression.node);
  const bool logical =
      binary.operation == BinaryOperator::logical_and || binary.operation == BinaryOperator::logical_or;
  return logical ? short_circuit(binary) : comparison(binary, expression.place);
}

llvm::Value* ExpressionEmitter::comparison(const Binary& node, Place place) {
  const Operand left = operand(*node.left);
  const Operand right = operand(*node.right);
  const Type type = common(left.type, right.type);
  llvm::Value* first = converted(left, type, place);
  llvm::Value* second = converted(right, type, place);
  if (type.is(Kind::floating)) return builder_.CreateFCmp(floating_predicate(node.operation), first, second);
  return builder_.CreateICmp(predicate(node.operation, type.is_signed), first, second);
}

llvm::Value* ExpressionEmitter::short_circuit(const Binary& node) {
  const bool is_and = node.operation == BinaryOperator::logical_and;
  auto* second = frame_.new_block("second");
  auto* done = frame_.new_block("done");
  llvm::Value* left = condition(*node.left);
  auto* first_end = builder_.GetInsertBlock();
  builder_.CreateCondBr(left, is_and ? second : done, is_and ? done : second);
  frame_.start(second);
  llvm::Value* right = condition(*node.right);
  auto* second_end = builder_.GetInsertBlock();
  frame_.continue_in(done);
  auto* result = builder_.CreatePHI(builder_.getInt1Ty(), 2);
  result->addIncoming(builder_.getInt1(!is_and), first_end);
  result->addIncoming(right, second_end);
  return result;
}

llvm::Value* ExpressionEmitter::expression_value(const Expression& expression) {
  const Place place = expression.place;
  return std::visit(Overloaded{[&](const Number& node) -> llvm::Value* { return frame_.constant(node.value); },
                               [&](const FloatingNumber& node) -> llvm::Value* {
                                 return llvm::ConstantFP::get(builder_.getDoubleTy(), node.value);
                               },
                               [&](const String& node) -> llvm::Value* { return frame_.string_address(node); },
                               [&](const Symbol& node) -> llvm::Value* { return frame_.constant(node.address); },
                               [&](const SizeOf& node) -> llvm::Value* { return frame_.constant(node.size); },
                               [&](const PseudoRegister& node) { return emit(node); },
                               [&](const AddressOf& node) { return address_of(locate(*node.object)); },
                               [&](const Cast& node) { return emit(node, place); },
                               [&](const Unary& node) { return emit(node, place); },
                               [&](const Binary& node) { return emit(node, place); },
                               [&](const Call& node) { return emit(node, place); },
                               [&](const UserCall& node) { return emit(node, place); },
                               [&](const auto&) { return load(locate(expression), place); }},
                    expression.node);
}

llvm::Value* ExpressionEmitter::bits(const Expression& expression) {
  llvm::Value* number = value(expression);
  if (!expression.type.is(Kind::floating)) return number;
  return builder_.CreateBitCast(builder_.CreateFPExt(number, builder_.getDoubleTy()), builder_.getInt64Ty());
}

llvm::Value* ExpressionEmitter::emit(const PseudoRegister& node) {
  llvm::Value* number = frame_.constant(node.name.number);
  switch (node.name.source) {
    case PseudoSource::context:
      return frame_.context_field(node.name.number);
    case PseudoSource::runtime:
      return frame_.call_runtime(offsetof(hyperdbg_script_runtime, pseudo_register), {number});
    case PseudoSource::register_:
      return frame_.call_runtime(offsetof(hyperdbg_script_runtime, read_register), {number});
    case PseudoSource::zero:
      break;
  }
  return frame_.constant(0);
}

llvm::Value* ExpressionEmitter::emit(const Cast& node, Place place) {
  return converted(operand(*node.operand), node.type, place);
}

llvm::Value* ExpressionEmitter::converted(Operand from, const Type& to, Place place) {
  const bool was_floating = from.type.is(Kind::floating);
  if (to.is(Kind::floating)) {
    auto* type = frame_.value_type(to);
    if (was_floating && to.bits < from.type.bits)
      return checked_floating(builder_.CreateFPTrunc(from.value, type), place);
    if (was_floating) return builder_.CreateFPExt(from.value, type);
    return from.type.is_signed ? builder_.CreateSIToFP(from.value, type) : builder_.CreateUIToFP(from.value, type);
  }
  if (to.is_bool) {
    llvm::Value* yes = was_floating
                           ? builder_.CreateFCmpUNE(from.value, llvm::ConstantFP::get(from.value->getType(), 0))
                           : builder_.CreateICmpNE(from.value, frame_.constant(0));
    return builder_.CreateZExt(yes, builder_.getInt64Ty());
  }
  if (!was_floating) return normalized(from.value, to);
  // Compared as doubles, which hold the limits of every integer type but for the last bits of the 64-bit ones.
  llvm::Value* wide = builder_.CreateFPExt(from.value, builder_.getDoubleTy());
  const unsigned magnitude = to.is_signed ? to.bits - 1 : to.bits;
  const double above = std::ldexp(1.0, static_cast<int>(magnitude));
  const auto limit = [&](double number) { return llvm::ConstantFP::get(builder_.getDoubleTy(), number); };
  // A limit of 64 bits has no smaller fraction; the others may lose one: -128.5 becomes -128.
  llvm::Value* low = to.is_signed && to.bits == 64
                         ? builder_.CreateFCmpOGE(wide, limit(-above))
                         : builder_.CreateFCmpOGT(wide, limit((to.is_signed ? -above : 0) - 1));
  llvm::Value* fits = builder_.CreateAnd(low, builder_.CreateFCmpOLT(wide, limit(above)));
  frame_.abort_if(builder_.CreateNot(fits), HYPERDBG_SCRIPT_BAD_FLOAT, place, frame_.constant(0));
  return to.is_signed ? builder_.CreateFPToSI(wide, builder_.getInt64Ty())
                      : builder_.CreateFPToUI(wide, builder_.getInt64Ty());
}

llvm::Value* ExpressionEmitter::checked_floating(llvm::Value* value, Place place) {
  const bool is_float = value->getType()->isFloatTy();
  llvm::Value* raw = builder_.CreateBitCast(value, is_float ? builder_.getInt32Ty() : builder_.getInt64Ty());
  const std::uint64_t exponent = is_float ? 0x7f800000 : 0x7ff0000000000000;
  llvm::Value* all = llvm::ConstantInt::get(raw->getType(), exponent);
  frame_.abort_if(builder_.CreateICmpEQ(builder_.CreateAnd(raw, all), all), HYPERDBG_SCRIPT_BAD_FLOAT, place,
                  frame_.constant(0));
  return value;
}

llvm::Value* ExpressionEmitter::emit(const Unary& node, Place place) {
  const Operand from = operand(*node.operand);
  const Type type = promoted(from.type);
  switch (node.operation) {
    case UnaryOperator::negate:
      if (type.is(Kind::floating)) return builder_.CreateFNeg(from.value);
      return normalized(builder_.CreateNeg(from.value), type);
    case UnaryOperator::complement:
      return normalized(builder_.CreateNot(from.value), type);
    case UnaryOperator::plus:
    case UnaryOperator::logical_not:
      break;
  }
  return converted(from, type, place);
}

llvm::Value* ExpressionEmitter::emit(const Binary& node, Place place) {
  const Operand left = operand(*node.left);
  const Operand right = operand(*node.right);
  return arithmetic(node.operation, left, right, place).value;
}

llvm::Value* ExpressionEmitter::pointer_distance(llvm::Value* bytes, llvm::Value* size, Place place) {
  llvm::Value* uneven = builder_.CreateICmpNE(builder_.CreateSRem(bytes, size), frame_.constant(0));
  frame_.abort_if(uneven, HYPERDBG_SCRIPT_BAD_ARGUMENT, place, bytes);
  return builder_.CreateSDiv(bytes, size);
}

// The difference of two pointers, or a pointer and a number of elements.
ExpressionEmitter::Operand ExpressionEmitter::pointer_arithmetic(BinaryOperator operation, Operand left, Operand right,
                                                                 const Type& type, Place place) {
  const Type& pointer = left.type.is(Kind::pointer) ? left.type : right.type;
  llvm::Value* size = frame_.constant(size_of(*pointer.element));
  if (left.type.is(Kind::pointer) && right.type.is(Kind::pointer))
    return {pointer_distance(builder_.CreateSub(left.value, right.value), size, place), type};
  llvm::Value* scaled_left = left.type.is(Kind::pointer) ? left.value : builder_.CreateMul(left.value, size);
  llvm::Value* scaled_right = right.type.is(Kind::pointer) ? right.value : builder_.CreateMul(right.value, size);
  const bool add = operation == BinaryOperator::add;
  return {add ? builder_.CreateAdd(scaled_left, scaled_right) : builder_.CreateSub(scaled_left, scaled_right), type};
}

llvm::Value* ExpressionEmitter::floating_arithmetic(BinaryOperator operation, llvm::Value* left, llvm::Value* right,
                                                    Place place) {
  switch (operation) {
    case BinaryOperator::add:
      return checked_floating(builder_.CreateFAdd(left, right), place);
    case BinaryOperator::subtract:
      return checked_floating(builder_.CreateFSub(left, right), place);
    case BinaryOperator::multiply:
      return checked_floating(builder_.CreateFMul(left, right), place);
    default:
      return checked_floating(builder_.CreateFDiv(left, right), place);
  }
}

ExpressionEmitter::Operand ExpressionEmitter::arithmetic(BinaryOperator operation, Operand left, Operand right,
                                                         Place place) {
  const bool is_shift = operation == BinaryOperator::shift_left || operation == BinaryOperator::shift_right;
  const bool has_pointer = left.type.is(Kind::pointer) || right.type.is(Kind::pointer);
  std::string problem;
  const Type type = type_of_operation(operation, left.type, right.type, problem);
  const bool is_distance = left.type.is(Kind::pointer) && right.type.is(Kind::pointer);
  if (has_pointer && (type.is(Kind::pointer) || (is_distance && operation == BinaryOperator::subtract)))
    return pointer_arithmetic(operation, left, right, type, place);
  llvm::Value* first = converted(left, type, place);
  if (is_shift) return {shift(operation, first, right.value, type, place), type};
  llvm::Value* second = converted(right, type, place);
  if (type.is(Kind::floating)) return {floating_arithmetic(operation, first, second, place), type};
  llvm::Value* result = nullptr;
  switch (operation) {
    case BinaryOperator::multiply:
      result = builder_.CreateMul(first, second);
      break;
    case BinaryOperator::add:
      result = builder_.CreateAdd(first, second);
      break;
    case BinaryOperator::subtract:
      result = builder_.CreateSub(first, second);
      break;
    case BinaryOperator::bit_and:
      result = builder_.CreateAnd(first, second);
      break;
    case BinaryOperator::bit_xor:
      result = builder_.CreateXor(first, second);
      break;
    case BinaryOperator::bit_or:
      result = builder_.CreateOr(first, second);
      break;
    case BinaryOperator::divide:
    case BinaryOperator::modulo:
      result = divide(operation, first, second, type, place);
      break;
    default:
      llvm_unreachable("comparisons are conditions");
  }
  return {normalized(result, type), type};
}

llvm::Value* ExpressionEmitter::divide(BinaryOperator operation, llvm::Value* left, llvm::Value* right,
                                       const Type& type, Place place) {
  frame_.abort_if(builder_.CreateICmpEQ(right, frame_.constant(0)), HYPERDBG_SCRIPT_DIVISION_BY_ZERO, place, right);
  const bool divide = operation == BinaryOperator::divide;
  if (!type.is_signed) return divide ? builder_.CreateUDiv(left, right) : builder_.CreateURem(left, right);
  // The one quotient that does not fit.
  const std::uint64_t smallest = ~0ull << (type.bits - 1);
  llvm::Value* overflows = builder_.CreateAnd(builder_.CreateICmpEQ(right, frame_.constant(~0ull)),
                                              builder_.CreateICmpEQ(left, frame_.constant(smallest)));
  frame_.abort_if(overflows, HYPERDBG_SCRIPT_DIVISION_BY_ZERO, place, right);
  return divide ? builder_.CreateSDiv(left, right) : builder_.CreateSRem(left, right);
}

llvm::Value* ExpressionEmitter::shift(BinaryOperator operation, llvm::Value* left, llvm::Value* count, const Type& type,
                                      Place place) {
  frame_.abort_if(builder_.CreateICmpUGE(count, frame_.constant(type.bits)), HYPERDBG_SCRIPT_BAD_SHIFT, place, count);
  if (operation == BinaryOperator::shift_left) return normalized(builder_.CreateShl(left, count), type);
  return type.is_signed ? builder_.CreateAShr(left, count) : builder_.CreateLShr(left, count);
}

llvm::Value* ExpressionEmitter::emit(const UserCall& node, Place place) {
  const Function& callee = *program_.functions[node.function];
  std::vector<llvm::Value*> arguments;
  for (std::size_t i = 0; i < node.arguments.size(); ++i)
    arguments.push_back(converted(operand(*node.arguments[i]), callee.locals[i].type, place));
  return frame_.call_function(node.function, arguments, callee.result);
}

llvm::Value* ExpressionEmitter::emit(const Call& node, Place place) {
  const Builtin& function = *node.function;
  std::vector<llvm::Value*> arguments;
  for (const ExpressionPtr& argument : node.arguments) arguments.push_back(bits(*argument));
  llvm::Value* position = frame_.constant(place.position());
  switch (function.operation) {
    case Operation::read:
      return read_memory(function, arguments[0], place);
    case Operation::write: {
      const bool is_virtual = function.space == Space::virtual_memory;
      return frame_.call_runtime(is_virtual ? offsetof(hyperdbg_script_runtime, write_memory)
                                            : offsetof(hyperdbg_script_runtime, write_physical),
                                 {arguments[0], arguments[1], frame_.constant(function.size)});
    }
    case Operation::complement:
      return builder_.CreateNot(arguments[0]);
    case Operation::negate:
      return builder_.CreateNeg(arguments[0]);
    case Operation::short_circuit:
      return frame_.call_runtime(offsetof(hyperdbg_script_runtime, event_short_circuit), {arguments[0], position});
    case Operation::test_statement:
      return frame_.call_runtime(offsetof(hyperdbg_script_runtime, test_statement), {arguments[0]});
    case Operation::service: {
      // The filler stands for the argument that the language leaves out.
      if (arguments.size() < 3) arguments.push_back(frame_.constant(function.filler));
      return frame_.call_service(function.service, std::move(arguments), place);
    }
  }
  llvm_unreachable("every operation is listed");
}

llvm::Value* ExpressionEmitter::read_memory(const Builtin& function, llvm::Value* address, Place place) {
  llvm::Value* whole = nullptr;
  if (function.space == Space::virtual_memory)
    whole = frame_.read_memory(address, function.size, place);
  else
    whole = frame_.call_runtime(offsetof(hyperdbg_script_runtime, read_physical),
                                {address, frame_.constant(function.size), frame_.constant(place.position())});
  if (function.width == 64) return whole;
  return builder_.CreateAnd(builder_.CreateLShr(whole, function.low_bit), (1ull << function.width) - 1);
}

}  // namespace hyperdbg::script
