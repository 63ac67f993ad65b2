// SPDX-License-Identifier: MIT
#include "script/testing/interpreter.hpp"

#include <limits>
#include <stdexcept>

namespace hyperdbg::script {
namespace {

using u64 = std::uint64_t;
using s64 = std::int64_t;

struct Failed {};
struct GaveUp {};
struct Returned {};
enum class Flow { next, leave, repeat };  // after a statement: go on, break, continue

class Interpreter {
 public:
  Interpreter(const Program& program, const std::array<u64, 16>& registers, u64 most)
      : locals_(program.main().locals.size()), most_(most) {
    result_.registers = registers;
    result_.globals.resize(program.globals.size());
  }

  Interpreted run(const Block& body) {
    try {
      block(body);
    } catch (const Failed&) {
      result_.failed = true;
    } catch (const GaveUp&) {
      result_.gave_up = true;
    } catch (const Returned&) {
    }
    return result_;
  }

 private:
  Flow block(const Block& statements) {
    for (const StatementPtr& one : statements)
      if (const Flow flow = statement(*one); flow != Flow::next) return flow;
    return Flow::next;
  }

  Flow statement(const Statement& one) {
    return std::visit([&](const auto& node) { return execute(node); }, one.node);
  }

  Flow execute(const Assignment& node) {
    u64 result = 0;
    if (node.operation) {
      const u64 old = value(*node.targets[0]);
      result = compute(*node.operation, old, value(*node.value), node.targets[0]->type, node.value->type);
    } else {
      result = value(*node.value);
    }
    for (auto target = node.targets.rbegin(); target != node.targets.rend(); ++target) store(**target, result);
    return Flow::next;
  }
  Flow execute(const CallStatement& node) {
    result_.results.push_back(value(*std::get<Call>(node.call->node).arguments.at(0)));
    return Flow::next;
  }
  Flow execute(const Declaration&) { throw std::logic_error("declarations are not interpreted"); }
  Flow execute(const Aggregate&) { throw std::logic_error("aggregations are not interpreted"); }
  Flow execute(const Switch&) { throw std::logic_error("switches are not interpreted"); }
  Flow execute(const Message&) { throw std::logic_error("messages are not interpreted"); }
  Flow execute(const If& node) {
    for (const If::Branch& branch : node.branches)
      if (value(*branch.condition) != 0) return block(branch.body);
    return block(node.otherwise);
  }
  Flow execute(const Loop& node) {
    block(node.first);
    if (node.tested_first && node.condition && value(*node.condition) == 0) return Flow::next;
    while (true) {
      if (block(node.body) == Flow::leave) return Flow::next;
      if (node.step) statement(*node.step);
      if (node.condition && value(*node.condition) == 0) return Flow::next;
      if (++result_.repetitions > most_) throw GaveUp();
    }
  }
  Flow execute(const Break&) { return Flow::leave; }
  Flow execute(const Continue&) { return Flow::repeat; }
  Flow execute(const Return&) { throw Returned(); }
  Flow execute(const Nested& node) { return block(node.body); }

  void store(const Expression& target, u64 result) {
    if (const auto* local = std::get_if<Local>(&target.node)) {
      locals_[local->index] = result;
    } else if (const auto* global = std::get_if<Global>(&target.node)) {
      result_.globals[global->index] = result;
    } else {
      const RegisterName& part = std::get<Register>(target.node).part;
      const u64 mask = (part.width == 64 ? ~0ull : (1ull << part.width) - 1) << part.shift;
      u64& whole = result_.registers.at(part.number);
      whole = (whole & ~mask) | ((result << part.shift) & mask);
    }
  }

  u64 value(const Expression& expression) {
    return std::visit([&](const auto& node) { return evaluate(node); }, expression.node);
  }
  u64 evaluate(const Number& node) { return node.value; }
  u64 evaluate(const Symbol& node) { return node.address; }
  u64 evaluate(const Local& node) { return locals_[node.index]; }
  u64 evaluate(const Global& node) { return result_.globals[node.index]; }
  u64 evaluate(const Register& node) {
    const u64 mask = node.part.width == 64 ? ~0ull : (1ull << node.part.width) - 1;
    return result_.registers.at(node.part.number) >> node.part.shift & mask;
  }
  u64 evaluate(const PseudoRegister&) { throw std::logic_error("pseudo-registers are not interpreted"); }
  u64 evaluate(const Dereference&) { throw std::logic_error("memory is not interpreted"); }
  u64 evaluate(const Unary& node) {
    const u64 operand = value(*node.operand);
    switch (node.operation) {
      case UnaryOperator::negate:
        return 0 - operand;
      case UnaryOperator::plus:
        return operand;
      case UnaryOperator::complement:
        return ~operand;
      case UnaryOperator::logical_not:
        return operand == 0;
    }
    return 0;
  }
  u64 evaluate(const Binary& node) {
    const u64 left = value(*node.left);
    if (node.operation == BinaryOperator::logical_and) return left != 0 && value(*node.right) != 0;
    if (node.operation == BinaryOperator::logical_or) return left != 0 || value(*node.right) != 0;
    return compute(node.operation, left, value(*node.right), node.left->type, node.right->type);
  }
  template <class Node>
  u64 evaluate(const Node&) {
    throw std::logic_error("this is not interpreted");
  }
  u64 evaluate(const Call&) { throw std::logic_error("functions are not interpreted"); }

  static u64 compute(BinaryOperator operation, u64 left, u64 right, Type left_type, Type right_type) {
    const bool is_signed = left_type.is_signed && right_type.is_signed;
    const auto less = [&](u64 a, u64 b) { return is_signed ? static_cast<s64>(a) < static_cast<s64>(b) : a < b; };
    switch (operation) {
      case BinaryOperator::multiply:
        return left * right;
      case BinaryOperator::add:
        return left + right;
      case BinaryOperator::subtract:
        return left - right;
      case BinaryOperator::bit_and:
        return left & right;
      case BinaryOperator::bit_xor:
        return left ^ right;
      case BinaryOperator::bit_or:
        return left | right;
      case BinaryOperator::less:
        return less(left, right);
      case BinaryOperator::greater:
        return less(right, left);
      case BinaryOperator::less_equal:
        return !less(right, left);
      case BinaryOperator::greater_equal:
        return !less(left, right);
      case BinaryOperator::equal:
        return left == right;
      case BinaryOperator::not_equal:
        return left != right;
      case BinaryOperator::shift_left:
      case BinaryOperator::shift_right:
        if (right > 63) throw Failed();
        if (operation == BinaryOperator::shift_left) return left << right;
        return left_type.is_signed ? static_cast<u64>(static_cast<s64>(left) >> right) : left >> right;
      case BinaryOperator::divide:
      case BinaryOperator::modulo:
        return divide(operation == BinaryOperator::divide, left, right, is_signed);
      case BinaryOperator::logical_and:
      case BinaryOperator::logical_or:
        break;
    }
    throw std::logic_error("decided before");
  }

  static u64 divide(bool quotient, u64 left, u64 right, bool is_signed) {
    const auto dividend = static_cast<s64>(left);
    const auto divisor = static_cast<s64>(right);
    if (right == 0) throw Failed();
    if (!is_signed) return quotient ? left / right : left % right;
    if (divisor == -1 && dividend == std::numeric_limits<s64>::min()) throw Failed();
    return static_cast<u64>(quotient ? dividend / divisor : dividend % divisor);
  }

  Interpreted result_;
  std::vector<u64> locals_;
  u64 most_;
};

}  // namespace

Interpreted interpret(const Program& program, const std::array<u64, 16>& registers, u64 most_repetitions) {
  return Interpreter(program, registers, most_repetitions).run(program.main().body);
}

}  // namespace hyperdbg::script
