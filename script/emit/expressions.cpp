// SPDX-License-Identifier: MIT
#include "script/emit/expressions.hpp"

#include <limits>

namespace hyperdbg::script {
namespace {

bool is_condition(const Expression& expression) {
  if (const auto* unary = std::get_if<Unary>(&expression.node)) return unary->operation == UnaryOperator::logical_not;
  const auto* binary = std::get_if<Binary>(&expression.node);
  if (!binary) return false;
  switch (binary->operation) {
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

}  // namespace

llvm::Value* ExpressionEmitter::value(const Expression& expression) {
  if (is_condition(expression)) return builder_.CreateZExt(condition(expression), builder_.getInt64Ty());
  return expression_value(expression);
}

llvm::Value* ExpressionEmitter::condition(const Expression& expression) {
  if (!is_condition(expression)) return builder_.CreateICmpNE(expression_value(expression), frame_.constant(0));
  if (const auto* unary = std::get_if<Unary>(&expression.node)) return builder_.CreateNot(condition(*unary->operand));
  const auto& binary = std::get<Binary>(expression.node);
  const bool logical =
      binary.operation == BinaryOperator::logical_and || binary.operation == BinaryOperator::logical_or;
  return logical ? short_circuit(binary) : comparison(binary);
}

llvm::Value* ExpressionEmitter::comparison(const Binary& node) {
  const Operand left = operand(*node.left);
  const Operand right = operand(*node.right);
  return builder_.CreateICmp(predicate(node.operation, left.type.is_signed && right.type.is_signed), left.value,
                             right.value);
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
  return std::visit([&](const auto& node) { return emit(node, expression.place); }, expression.node);
}

llvm::Value* ExpressionEmitter::emit(const Number& node, Place) {
  return frame_.constant(node.value);
}
llvm::Value* ExpressionEmitter::emit(const Symbol& node, Place) {
  return frame_.constant(node.address);
}
llvm::Value* ExpressionEmitter::emit(const Local& node, Place) {
  return builder_.CreateLoad(builder_.getInt64Ty(), frame_.local(node.index));
}
llvm::Value* ExpressionEmitter::emit(const Global& node, Place) {
  return frame_.load_global(program_.global_slots[node.index]);
}
llvm::Value* ExpressionEmitter::emit(const Register& node, Place) {
  return frame_.load_register(node.part);
}

llvm::Value* ExpressionEmitter::emit(const PseudoRegister& node, Place) {
  llvm::Value* number = frame_.constant(node.name.number);
  switch (node.name.source) {
    case PseudoSource::context:
      return frame_.context_field(node.name.number);
    case PseudoSource::runtime:
      return frame_.call_runtime(offsetof(hyperdbg_script_runtime, pseudo_register), {number});
    case PseudoSource::register_:
      return frame_.call_runtime(offsetof(hyperdbg_script_runtime, read_register), {number});
    case PseudoSource::zero:
    case PseudoSource::missing:
      break;
  }
  return frame_.constant(0);
}

llvm::Value* ExpressionEmitter::emit(const Dereference& node, Place place) {
  return frame_.call_runtime(offsetof(hyperdbg_script_runtime, read_memory),
                             {value(*node.address), frame_.constant(8), frame_.constant(place.position())});
}

llvm::Value* ExpressionEmitter::emit(const Unary& node, Place) {
  llvm::Value* operand = value(*node.operand);
  switch (node.operation) {
    case UnaryOperator::negate:
      return builder_.CreateNeg(operand);
    case UnaryOperator::complement:
      return builder_.CreateNot(operand);
    case UnaryOperator::plus:
    case UnaryOperator::logical_not:
      break;
  }
  return operand;
}

llvm::Value* ExpressionEmitter::emit(const Binary& node, Place place) {
  const Operand left = operand(*node.left);
  const Operand right = operand(*node.right);
  return arithmetic(node.operation, left, right, place);
}

llvm::Value* ExpressionEmitter::arithmetic(BinaryOperator operation, Operand left, Operand right, Place place) {
  const bool is_signed = left.type.is_signed && right.type.is_signed;
  switch (operation) {
    case BinaryOperator::multiply:
      return builder_.CreateMul(left.value, right.value);
    case BinaryOperator::add:
      return builder_.CreateAdd(left.value, right.value);
    case BinaryOperator::subtract:
      return builder_.CreateSub(left.value, right.value);
    case BinaryOperator::bit_and:
      return builder_.CreateAnd(left.value, right.value);
    case BinaryOperator::bit_xor:
      return builder_.CreateXor(left.value, right.value);
    case BinaryOperator::bit_or:
      return builder_.CreateOr(left.value, right.value);
    case BinaryOperator::divide:
    case BinaryOperator::modulo:
      return divide(operation, left.value, right.value, is_signed, place);
    case BinaryOperator::shift_left:
    case BinaryOperator::shift_right:
      return shift(operation, left.value, right.value, left.type.is_signed, place);
    default:
      llvm_unreachable("comparisons are conditions");
  }
}

llvm::Value* ExpressionEmitter::divide(BinaryOperator operation, llvm::Value* left, llvm::Value* right, bool is_signed,
                                       Place place) {
  frame_.abort_if(builder_.CreateICmpEQ(right, frame_.constant(0)), HYPERDBG_SCRIPT_DIVISION_BY_ZERO, place, right);
  const bool divide = operation == BinaryOperator::divide;
  if (!is_signed) return divide ? builder_.CreateUDiv(left, right) : builder_.CreateURem(left, right);
  // The one quotient that does not fit.
  const auto smallest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::min());
  llvm::Value* overflows = builder_.CreateAnd(builder_.CreateICmpEQ(right, frame_.constant(~0ull)),
                                              builder_.CreateICmpEQ(left, frame_.constant(smallest)));
  frame_.abort_if(overflows, HYPERDBG_SCRIPT_DIVISION_BY_ZERO, place, right);
  return divide ? builder_.CreateSDiv(left, right) : builder_.CreateSRem(left, right);
}

llvm::Value* ExpressionEmitter::shift(BinaryOperator operation, llvm::Value* left, llvm::Value* count, bool is_signed,
                                      Place place) {
  frame_.abort_if(builder_.CreateICmpUGT(count, frame_.constant(63)), HYPERDBG_SCRIPT_BAD_SHIFT, place, count);
  if (operation == BinaryOperator::shift_left) return builder_.CreateShl(left, count);
  return is_signed ? builder_.CreateAShr(left, count) : builder_.CreateLShr(left, count);
}

llvm::Value* ExpressionEmitter::emit(const Call& node, Place place) {
  std::vector<llvm::Value*> arguments;
  for (const ExpressionPtr& argument : node.arguments) arguments.push_back(value(*argument));
  llvm::Value* position = frame_.constant(place.position());
  switch (node.function->operation) {
    case Operation::read:
      return read_memory(*node.function, arguments[0], place);
    case Operation::write: {
      const bool is_virtual = node.function->space == Space::virtual_memory;
      return frame_.call_runtime(is_virtual ? offsetof(hyperdbg_script_runtime, write_memory)
                                            : offsetof(hyperdbg_script_runtime, write_physical),
                                 {arguments[0], arguments[1], frame_.constant(node.function->size)});
    }
    case Operation::complement:
      return builder_.CreateNot(arguments[0]);
    case Operation::negate:
      return builder_.CreateNeg(arguments[0]);
    case Operation::short_circuit:
      return frame_.call_runtime(offsetof(hyperdbg_script_runtime, event_short_circuit), {arguments[0], position});
    case Operation::test_statement:
      return frame_.call_runtime(offsetof(hyperdbg_script_runtime, test_statement), {arguments[0]});
  }
  llvm_unreachable("every operation is listed");
}

llvm::Value* ExpressionEmitter::read_memory(const Builtin& function, llvm::Value* address, Place place) {
  const bool is_virtual = function.space == Space::virtual_memory;
  llvm::Value* whole = frame_.call_runtime(
      is_virtual ? offsetof(hyperdbg_script_runtime, read_memory) : offsetof(hyperdbg_script_runtime, read_physical),
      {address, frame_.constant(function.size), frame_.constant(place.position())});
  if (function.width == 64) return whole;
  return builder_.CreateAnd(builder_.CreateLShr(whole, function.low_bit), (1ull << function.width) - 1);
}

ExpressionEmitter::Target ExpressionEmitter::target(const Expression& expression) {
  const auto* pointer = std::get_if<Dereference>(&expression.node);
  return {&expression, pointer ? value(*pointer->address) : nullptr};
}

llvm::Value* ExpressionEmitter::load(const Target& target) {
  if (!target.address) return expression_value(*target.expression);
  return frame_.call_runtime(
      offsetof(hyperdbg_script_runtime, read_memory),
      {target.address, frame_.constant(8), frame_.constant(target.expression->place.position())});
}

void ExpressionEmitter::store(const Target& target, llvm::Value* value) {
  const auto& node = target.expression->node;
  if (const auto* local = std::get_if<Local>(&node)) {
    builder_.CreateStore(value, frame_.local(local->index));
  } else if (const auto* global = std::get_if<Global>(&node)) {
    frame_.store_global(program_.global_slots[global->index], value);
  } else if (const auto* part = std::get_if<Register>(&node)) {
    frame_.store_register(part->part, value);
  } else {
    llvm::Value* written = frame_.call_runtime(offsetof(hyperdbg_script_runtime, write_memory),
                                               {target.address, value, frame_.constant(8)});
    frame_.abort_if(builder_.CreateICmpEQ(written, frame_.constant(0)), HYPERDBG_SCRIPT_INVALID_ADDRESS,
                    target.expression->place, target.address);
  }
}

}  // namespace hyperdbg::script
