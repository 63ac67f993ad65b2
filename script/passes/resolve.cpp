// SPDX-License-Identifier: MIT
#include "script/passes/resolve.hpp"

#include <map>
#include <string>

namespace hyperdbg::script {
namespace {

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

// As in C: a shift has the type of what is shifted, the rest is unsigned as soon as one side is.
Type type_of_binary(BinaryOperator operation, Type left, Type right) {
  if (is_comparison(operation)) return signed_type;
  if (operation == BinaryOperator::shift_left || operation == BinaryOperator::shift_right) return left;
  return left.is_signed && right.is_signed ? signed_type : unsigned_type;
}

class Resolver {
 public:
  Resolver(Program& program, const SymbolLookup& symbol, Diagnostics& diagnostics)
      : program_(program), symbol_(symbol), diagnostics_(diagnostics) {}

  void run() { block(program_.body); }

 private:
  void block(Block& statements) {
    for (StatementPtr& one : statements) statement(*one);
  }

  void statement(Statement& statement) {
    std::visit([&](auto& node) { visit(node); }, statement.node);
  }

  void visit(Assignment& node) {
    value(*node.value);
    for (auto target = node.targets.rbegin(); target != node.targets.rend(); ++target) {
      auto* local = std::get_if<Local>(&(*target)->node);
      if (local && !node.operation) locals_.try_emplace(local->name, static_cast<std::uint32_t>(locals_.size()));
      value(**target);
    }
    add_new_locals();
  }
  void visit(CallStatement& node) { expression(*node.call); }
  void visit(Message& node) {
    for (ExpressionPtr& argument : node.arguments) value(*argument);
  }
  void visit(If& node) {
    for (If::Branch& branch : node.branches) {
      if (branch.condition) value(*branch.condition);
      block(branch.body);
    }
    block(node.otherwise);
  }
  // In the order in which it runs.
  void visit(Loop& node) {
    if (node.first) statement(*node.first);
    if (node.condition && node.tested_first) value(*node.condition);
    block(node.body);
    if (node.step) statement(*node.step);
    if (node.condition && !node.tested_first) value(*node.condition);
  }
  void visit(Nested& node) { block(node.body); }
  void visit(Break&) {}
  void visit(Continue&) {}
  void visit(Return&) {}

  void add_new_locals() {
    program_.locals.resize(locals_.size());
    for (const auto& [name, index] : locals_) program_.locals[index] = name;
  }

  void value(Expression& wanted) {
    expression(wanted);
    if (wanted.type.kind != Type::Kind::none) return;
    const auto& call = std::get<Call>(wanted.node);  // nothing else is without a value
    diagnostics_.add(wanted.place,
                     "Syntax Error: Invalid Syntax: `" + std::string(call.function->name) + "` has no value");
    wanted.type = unsigned_type;
  }

  void expression(Expression& expression) {
    expression.type = std::visit([&](auto& node) { return type_of(node, expression.place); }, expression.node);
  }

  Type type_of(Number&, Place) { return signed_type; }
  Type type_of(Symbol& node, Place place) {
    const auto address = symbol_ ? symbol_(node.name) : std::nullopt;
    if (!address)
      diagnostics_.add(place, "Syntax Error: Unresolved Variable: no symbol `" + node.name + "`",
                       "the command `x` lists symbols");
    node.address = address.value_or(0);
    return signed_type;
  }
  Type type_of(Local& node, Place place) {
    const auto found = locals_.find(node.name);
    if (found == locals_.end())
      diagnostics_.add(place, "Syntax Error: Unresolved Variable: `" + node.name + "` has no value here",
                       "assign to it first; globals start with a dot");
    else
      node.index = found->second;
    return unsigned_type;
  }
  Type type_of(Global& node, Place place) {
    if (node.name.size() >= HYPERDBG_GLOBAL_NAME_SIZE)
      diagnostics_.add(place, "the name of a global is too long: `." + node.name + "`",
                       "at most " + std::to_string(HYPERDBG_GLOBAL_NAME_SIZE - 1) + " letters");
    const auto [entry, is_new] = globals_.try_emplace(node.name, static_cast<std::uint32_t>(globals_.size()));
    node.index = entry->second;
    if (is_new) {
      program_.globals.push_back(node.name);
      program_.global_places.push_back(place);
    }
    return unsigned_type;
  }
  Type type_of(Register&, Place) { return signed_type; }
  Type type_of(PseudoRegister&, Place) { return signed_type; }
  Type type_of(Dereference& node, Place) {
    value(*node.address);
    return unsigned_type;
  }
  Type type_of(Unary& node, Place) {
    value(*node.operand);
    return node.operation == UnaryOperator::logical_not ? signed_type : node.operand->type;
  }
  Type type_of(Binary& node, Place) {
    value(*node.left);
    value(*node.right);
    return type_of_binary(node.operation, node.left->type, node.right->type);
  }
  Type type_of(Call& node, Place) {
    for (ExpressionPtr& argument : node.arguments) value(*argument);
    return node.function->has_value ? unsigned_type : no_type;
  }

  Program& program_;
  const SymbolLookup& symbol_;
  Diagnostics& diagnostics_;
  std::map<std::string, std::uint32_t> locals_;
  std::map<std::string, std::uint32_t> globals_;
};

}  // namespace

void resolve(Program& program, const SymbolLookup& symbol, Diagnostics& diagnostics) {
  Resolver(program, symbol, diagnostics).run();
}

}  // namespace hyperdbg::script
