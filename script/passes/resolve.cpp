// SPDX-License-Identifier: MIT
#include "script/passes/resolve.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "abi/aggregate.h"
#include "abi/limits.h"
#include "script/passes/operand_types.hpp"
#include "script/syntax/constant.hpp"
#include "script/syntax/nearest.hpp"

namespace hyperdbg::script {
namespace {

using Kind = Type::Kind;

class Resolver {
 public:
  Resolver(Program& program, const SymbolLookup& symbol, ForeignTypes* debuggee, Diagnostics& diagnostics)
      : program_(program), symbol_(symbol), debuggee_(debuggee), diagnostics_(diagnostics) {}

  void run() {
    for (std::unique_ptr<Function>& one : program_.functions) {
      function_ = one.get();
      note(one->result);
      locals_.clear();
      declared_.clear();
      unresolved_.clear();
      for (std::uint32_t i = 0; i < one->parameters; ++i) {
        note(one->locals[i].type);
        declared_.insert(one->locals[i].name);
        if (!locals_.try_emplace(one->locals[i].name, i).second)
          diagnostics_.add(one->place, "two parameters are named `" + one->locals[i].name + "`");
      }
      block(one->body);
    }
  }

 private:
  void complain(Place place, std::string message, std::string hint = {}) {
    diagnostics_.add(place, std::move(message), std::move(hint));
  }

  void block(Block& statements) {
    for (StatementPtr& one : statements) statement(*one);
  }

  void statement(Statement& statement) {
    std::visit([&](auto& node) { visit(node, statement.place); }, statement.node);
  }

  void note(const Type& type) {
    if (type.is(Kind::floating)) program_.uses_floating = true;
  }

  std::uint32_t add_local(const std::string& name, Type type) {
    const auto index = static_cast<std::uint32_t>(function_->locals.size());
    note(type);
    function_->locals.push_back({name, std::move(type)});
    locals_[name] = index;
    return index;
  }

  // What a variable without a declared type is: a number of 64 bits, or what it gets first if that is floating-point
  // or the signed answer of a comparison.
  static Type implicit_type(const Expression& value) {
    if (value.type.is(Kind::floating)) return double_type;
    const auto* call = std::get_if<Call>(&value.node);
    return call && call->function->result == Result::is_signed ? signed_type : unsigned_type;
  }

  void visit(Assignment& node, Place place) {
    value(*node.value);
    for (auto target = node.targets.rbegin(); target != node.targets.rend(); ++target) {
      auto* local = std::get_if<Local>(&(*target)->node);
      if (local && !node.operation && !locals_.contains(local->name))
        add_local(local->name, implicit_type(*node.value));
      value(**target);
    }
    if (!node.operation) {
      for (const ExpressionPtr& target : node.targets) check_conversion(node.value->type, target->type, target->place);
      return;
    }
    const Type result = operation_type(*node.operation, node.targets[0]->type, node.value->type, place);
    check_conversion(result, node.targets[0]->type, place);
  }

  void visit(Declaration& node, Place place) {
    if (node.initializer) take_apart(*node.initializer, node.type, 0, node.stores);
    const auto known = locals_.find(node.name);
    // A declaration behind plain assignments to the name makes a variable of its own, as in HyperDbg.
    const bool is_declared = !declared_.insert(node.name).second;
    if (known != locals_.end() && (is_declared || same(function_->locals[known->second].type, node.type))) {
      node.index = known->second;
      if (!same(function_->locals[node.index].type, node.type))
        complain(place, "`" + node.name + "` was of type " + name_of(function_->locals[node.index].type) + " before",
                 "a name means one variable in the whole function");
    } else {
      node.index = add_local(node.name, node.type);
    }
    if (node.type.is_aggregate()) function_->locals[node.index].in_memory = true;
  }

  void take_apart(Initializer& from, const Type& type, std::uint64_t offset, std::vector<Declaration::Store>& stores) {
    if (!type.is_aggregate()) {
      Initializer* one = &from;
      while (!one->value && one->list.size() == 1) one = &one->list[0];
      if (!one->value) return complain(from.place, "Syntax Error: Invalid Syntax: expected one value");
      value(*one->value);
      check_conversion(one->value->type, type, one->place);
      note(type);
      stores.push_back({offset, type, std::move(one->value)});
      return;
    }
    if (from.value) {
      value(*from.value);
      check_conversion(from.value->type, type, from.place);
      stores.push_back({offset, type, std::move(from.value)});
      return;
    }
    const bool is_array = type.is(Kind::array);
    if (!is_array && type.structure->owner)
      return complain(from.place,
                      "Syntax Error: Invalid Syntax: a structure of the debuggee's is filled member by member");
    const Type* first = is_array                          ? type.element.get()
                        : type.structure->members.empty() ? nullptr
                                                          : &type.structure->members[0].type;
    // As in C, one number stands for the first of all: {0}.
    if (first && first->is_aggregate() && from.list.size() == 1 && from.list[0].value &&
        constant_value(*from.list[0].value))
      return take_apart(from, *first, offset, stores);
    const std::uint64_t most = is_array ? type.count : type.structure->members.size();
    if (from.list.size() > most)
      return complain(from.place, "Syntax Error: Invalid Syntax: " + std::to_string(from.list.size()) + " values for " +
                                      name_of(type));
    for (std::uint64_t i = 0; i < from.list.size(); ++i) {
      if (is_array)
        take_apart(from.list[i], *type.element, offset + i * size_of(*type.element), stores);
      else
        take_apart(from.list[i], type.structure->members[i].type, offset + type.structure->members[i].offset, stores);
    }
  }

  void visit(CallStatement& node, Place) { expression(*node.call); }
  void visit(Message& node, Place) {
    for (ExpressionPtr& argument : node.arguments) value(*argument);
  }
  void visit(Aggregate& node, Place place) {
    if (node.value) aggregated(*node.value);
    for (const ExpressionPtr& key : node.keys)
      if (key) aggregated(*key);
    const auto same_name = [&](const hyperdbg_aggregation& other) {
      return std::string_view(other.name) == node.aggregation.name;
    };
    const auto known = std::ranges::find_if(program_.aggregations, same_name);
    node.index = static_cast<std::uint32_t>(known - program_.aggregations.begin());
    if (known == program_.aggregations.end()) {
      if (program_.aggregations.size() == HYPERDBG_MAXIMUM_AGGREGATIONS)
        complain(place, "a script has at most " + std::to_string(HYPERDBG_MAXIMUM_AGGREGATIONS) + " aggregations");
      program_.aggregations.push_back(node.aggregation);
      program_.aggregation_places.push_back(place);
    } else if (std::memcmp(&*known, &node.aggregation, sizeof *known) != 0) {
      complain(place, "the aggregation \"" + std::string(known->name) +
                          "\" is of another kind, or has other keys or values, above");
    }
  }
  void aggregated(Expression& expression) {
    value(expression);
    if (!expression.type.is_word() && !expression.type.is(Kind::array))
      complain(expression.place, "an aggregation takes integers and addresses, not " + name_of(expression.type));
  }
  void visit(If& node, Place) {
    for (If::Branch& branch : node.branches) {
      condition(branch.condition);
      block(branch.body);
    }
    block(node.otherwise);
  }
  // In the order in which it runs.
  void visit(Loop& node, Place) {
    block(node.first);
    if (node.tested_first) condition(node.condition);
    block(node.body);
    if (node.step) statement(*node.step);
    if (!node.tested_first) condition(node.condition);
  }
  void visit(Switch& node, Place) {
    value(*node.value);
    if (!node.value->type.is_word()) complain(node.value->place, "a switch needs an integer");
    std::vector<std::uint64_t> seen;
    bool has_default = false;
    for (Switch::Case& one : node.cases) {
      if (one.label) {
        value(*one.label);
        const auto label = constant_value(*one.label);
        if (!label) complain(one.place, "the label of a case has to be a constant");
        one.value = label.value_or(0);
        if (label && std::ranges::find(seen, *label) != seen.end()) complain(one.place, "this label is there already");
        seen.push_back(one.value);
      } else if (std::exchange(has_default, true)) {
        complain(one.place, "a switch has one default");
      }
      block(one.body);
    }
  }
  void visit(Nested& node, Place) { block(node.body); }
  void visit(Break&, Place) {}
  void visit(Continue&, Place) {}
  void visit(Return& node, Place place) {
    if (node.value) value(*node.value);
    const bool wants = !function_->result.is(Kind::none);
    if (node.value && !wants) complain(place, "Returning a value in void function");
    if (!node.value && wants)
      complain(place, "Not returning a value in noo-void function",
               "`" + function_->name + "` returns " + name_of(function_->result));
    if (node.value && wants) check_conversion(node.value->type, function_->result, place);
  }

  void condition(ExpressionPtr& condition) {
    if (!condition) return;
    value(*condition);
    if (condition->type.is(Kind::structure)) complain(condition->place, "a structure is neither true nor false");
  }

  void value(Expression& wanted) {
    expression(wanted);
    if (!wanted.type.is(Kind::none)) return;
    const auto* call = std::get_if<Call>(&wanted.node);
    const auto* user = std::get_if<UserCall>(&wanted.node);
    const std::string name(call ? call->function->name : user ? std::string_view(user->name) : "this");
    complain(wanted.place, "Syntax Error: Invalid Syntax: `" + name + "` has no value");
    wanted.type = unsigned_type;
  }

  void check_conversion(const Type& from, const Type& to, Place place) {
    const bool numbers = (from.is_number() || from.is(Kind::pointer)) && (to.is_number() || to.is(Kind::pointer));
    const bool mixed =
        (from.is(Kind::floating) && to.is(Kind::pointer)) || (from.is(Kind::pointer) && to.is(Kind::floating));
    if (numbers && !mixed) return;
    if (from.is(Kind::array) && to.is_word()) return;
    if (to.is(Kind::structure) && same(from, to)) return;
    if (to.is(Kind::array))
      complain(place, "Syntax Error: Invalid Syntax: an array cannot be assigned or moved as a whole",
               "assign its elements, or use memcpy");
    else
      complain(place, "Syntax Error: Invalid Syntax: " + name_of(from) + " cannot become " + name_of(to));
  }

  Type operation_type(BinaryOperator operation, const Type& left, const Type& right, Place place) {
    std::string problem;
    const Type type = type_of_operation(operation, left, right, problem);
    if (!problem.empty())
      complain(place, problem, problem.contains("cast") ? "write (double) or (int) before one" : "");
    return type;
  }

  static std::string nearest_member(const Structure& structure, std::string_view name) {
    Nearest nearest(name);
    for (const Member& member : structure.members) nearest.consider(member.name);
    return nearest.hint();
  }

  // A name that nothing was assigned to may be one of the debuggee's enumerators.
  void replace_enumerator(Expression& expression) {
    const auto* local = std::get_if<Local>(&expression.node);
    if (!local || !debuggee_ || locals_.contains(local->name)) return;
    if (const auto value = debuggee_->enumerator(local->name))
      expression.node = Number{static_cast<std::uint64_t>(*value)};
  }

  void expression(Expression& expression) {
    replace_enumerator(expression);
    expression.type = std::visit([&](auto& node) { return type_of(node, expression.place); }, expression.node);
    note(expression.type);
  }

  Type type_of(Number&, Place) { return signed_type; }
  Type type_of(FloatingNumber&, Place) { return double_type; }
  Type type_of(String&, Place) { return unsigned_type; }
  Type type_of(Symbol& node, Place place) {
    const auto address = symbol_ ? symbol_(node.name) : std::nullopt;
    if (!address)
      complain(place, "Syntax Error: Unresolved Variable: no symbol `" + node.name + "`",
               "the command `x` lists symbols");
    node.address = address.value_or(0);
    return signed_type;
  }
  Type type_of(Local& node, Place place) {
    const auto found = locals_.find(node.name);
    if (found == locals_.end()) {
      if (unresolved_.insert(node.name).second)
        complain(place, "Syntax Error: Unresolved Variable: `" + node.name + "` has no value here",
                 "assign to it first; globals start with a dot");
      return unsigned_type;
    }
    node.index = found->second;
    return function_->locals[node.index].type;
  }
  Type type_of(Global& node, Place place) {
    if (node.name.size() >= HYPERDBG_GLOBAL_NAME_SIZE)
      complain(place, "the name of a global is too long: `." + node.name + "`",
               "at most " + std::to_string(HYPERDBG_GLOBAL_NAME_SIZE - 1) + " letters");
    const auto [entry, is_new] = globals_.try_emplace(node.name, static_cast<std::uint32_t>(globals_.size()));
    node.index = entry->second;
    if (is_new) {
      if (globals_.size() == HYPERDBG_MAXIMUM_GLOBALS + 1)
        complain(place, "a script has at most " + std::to_string(HYPERDBG_MAXIMUM_GLOBALS) + " globals");
      program_.globals.push_back(node.name);
      program_.global_places.push_back(place);
    }
    return unsigned_type;
  }
  Type type_of(Register&, Place) { return signed_type; }
  Type type_of(PseudoRegister&, Place) { return signed_type; }

  Type pointee(const Type& pointer, Place place) {
    const Type type = decayed(pointer);
    if (!type.is(Kind::pointer)) return unsigned_type;
    if (type.element->is(Kind::none) || (type.element->is(Kind::structure) && !is_complete(*type.element->structure))) {
      complain(place, "there is nothing known about what a " + name_of(type) + " points to", "cast the pointer first");
      return unsigned_type;
    }
    return *type.element;
  }
  Type type_of(Dereference& node, Place place) {
    value(*node.address);
    if (node.address->type.is(Kind::floating) || node.address->type.is(Kind::structure))
      complain(place, "Syntax Error: Invalid Syntax: " + name_of(node.address->type) + " is no address");
    return pointee(node.address->type, place);
  }
  Type type_of(AddressOf& node, Place place) {
    Expression& object = *node.object;
    value(object);
    if (auto* local = std::get_if<Local>(&object.node)) {
      if (locals_.contains(local->name)) function_->locals[local->index].in_memory = true;
      return same(object.type, unsigned_type) ? unsigned_type : pointer_to(object.type);
    }
    if (std::holds_alternative<Global>(object.node)) return unsigned_type;
    const auto* member = std::get_if<MemberAccess>(&object.node);
    if (member && member->member.bit_size != 0) complain(place, "a bit-field has no address");
    if (std::holds_alternative<Dereference>(object.node) || std::holds_alternative<Index>(object.node) || member)
      return pointer_to(object.type);
    complain(place, "Syntax Error: Invalid Syntax: only variables have an address");
    return unsigned_type;
  }
  // Told already; what is made of it is no mistake of its own.
  bool is_unresolved(const Expression& expression) const {
    if (const auto* local = std::get_if<Local>(&expression.node)) return !locals_.contains(local->name);
    if (const auto* index = std::get_if<Index>(&expression.node)) return is_unresolved(*index->base);
    const auto* member = std::get_if<MemberAccess>(&expression.node);
    return member && is_unresolved(*member->base);
  }
  Type type_of(Index& node, Place place) {
    value(*node.base);
    value(*node.index);
    if (is_unresolved(*node.base)) return unsigned_type;
    const Type base = decayed(node.base->type);
    if (!base.is(Kind::pointer) || !node.index->type.is_word()) {
      complain(place, "Syntax Error: Invalid Syntax: `[` belongs behind an array or a pointer, around an integer");
      return unsigned_type;
    }
    return pointee(base, place);
  }
  Type type_of(MemberAccess& node, Place place) {
    value(*node.base);
    if (is_unresolved(*node.base)) return unsigned_type;
    Type type = node.base->type;
    if (node.through_pointer) type = decayed(type).is(Kind::pointer) ? *decayed(type).element : no_type;
    if (!type.is(Kind::structure) || !is_complete(*type.structure)) {
      complain(place,
               "Syntax Error: Invalid Syntax: what stands before `" + std::string(node.through_pointer ? "->" : ".") +
                   node.name + "` is " + (node.through_pointer ? "no pointer to a structure" : "no structure"),
               node.base->type.is(Kind::pointer) && !node.through_pointer ? "members behind a pointer: ->" : "");
      return unsigned_type;
    }
    const Member* member = type.structure->find(node.name);
    if (!member) {
      complain(place, "`" + name_of(type) + "` has no member `" + node.name + "`",
               nearest_member(*type.structure, node.name));
      return unsigned_type;
    }
    node.member = *member;
    return member->type;
  }
  Type type_of(Cast& node, Place place) {
    value(*node.operand);
    if (node.type.is_aggregate() || node.type.is(Kind::none))
      complain(place, "a cast makes a number or a pointer, not " + name_of(node.type));
    else
      check_conversion(node.operand->type, node.type, place);
    return node.type;
  }
  // What is 0 or 1 is computed in 64 bits, but has the size of C's int: HyperDbg's tests pin it down.
  static bool is_logical(const Expression& expression) {
    if (const auto* unary = std::get_if<Unary>(&expression.node)) return unary->operation == UnaryOperator::logical_not;
    const auto* binary = std::get_if<Binary>(&expression.node);
    return binary && is_comparison(binary->operation);
  }

  Type type_of(SizeOf& node, Place) {
    if (node.operand) {
      value(*node.operand);
      node.type = node.operand->type;
    }
    node.size = node.operand && is_logical(*node.operand) ? size_of(int_type) : size_of(node.type);
    return signed_type;
  }
  Type type_of(Unary& node, Place place) {
    value(*node.operand);
    const Type& type = node.operand->type;
    if (node.operation == UnaryOperator::logical_not) return signed_type;
    if (!type.is_number() || (type.is(Kind::floating) && node.operation == UnaryOperator::complement)) {
      complain(place, type.is(Kind::floating) ? "Unsupported floating-point operation"
                                              : "Syntax Error: Invalid Syntax: this operator is for numbers");
      return unsigned_type;
    }
    return promoted(type);
  }
  Type type_of(Binary& node, Place place) {
    value(*node.left);
    value(*node.right);
    return operation_type(node.operation, node.left->type, node.right->type, place);
  }

  void check_string(const Expression& argument, const Builtin& function) {
    const auto* text = std::get_if<String>(&argument.node);
    if (!text || function.arguments == Arguments::any_strings) return;
    if (text->is_wide != (function.arguments == Arguments::wide_strings))
      complain(argument.place, "`" + std::string(function.name) + "` wants a " +
                                   (text->is_wide ? "byte string: \"...\"" : "wide string: L\"...\""));
  }
  Type type_of(Call& node, Place) {
    const Builtin& function = *node.function;
    if (function.arguments == Arguments::variable && std::holds_alternative<Global>(node.arguments[0]->node)) {
      auto address = std::make_unique<Expression>();
      address->place = node.arguments[0]->place;
      address->node = AddressOf{std::move(node.arguments[0])};
      node.arguments[0] = std::move(address);
    }
    for (ExpressionPtr& argument : node.arguments) {
      value(*argument);
      check_string(*argument, function);
      // A test sees a float as it is.
      const bool any = function.operation == Operation::test_statement && argument->type.is(Kind::floating);
      if (!any && !argument->type.is_word() && !argument->type.is(Kind::array))
        complain(argument->place,
                 "`" + std::string(function.name) + "` wants an integer or an address, not " + name_of(argument->type));
    }
    if (!function.has_value()) return no_type;
    return function.result == Result::is_signed ? signed_type : unsigned_type;
  }

  Type type_of(UserCall& node, Place place) {
    for (ExpressionPtr& argument : node.arguments) value(*argument);
    const auto found = std::ranges::find(program_.functions, node.name, &Function::name);
    if (found == program_.functions.end()) {
      complain(place, "Undefined Function: `" + node.name + "`", nearest_function(node.name));
      return unsigned_type;
    }
    Function& callee = **found;
    node.function = static_cast<std::uint32_t>(found - program_.functions.begin());
    function_->callees.push_back(node.function);
    if (!callee.defined) complain(place, "Undefined Function: `" + node.name + "` is declared, but has no body");
    if (node.arguments.size() != callee.parameters) {
      complain(place, "Syntax Error: Invalid Syntax: `" + node.name + "` takes " + std::to_string(callee.parameters) +
                          (callee.parameters == 1 ? " argument" : " arguments") + ", not " +
                          std::to_string(node.arguments.size()));
      return callee.result;
    }
    for (std::size_t i = 0; i < node.arguments.size(); ++i) {
      const Expression& argument = *node.arguments[i];
      if (std::holds_alternative<String>(argument.node))
        complain(argument.place, "Syntax Error: Invalid Syntax: a string is no value");
      check_conversion(argument.type, callee.locals[i].type, argument.place);
    }
    return callee.result;
  }

  Program& program_;
  const SymbolLookup& symbol_;
  ForeignTypes* debuggee_;
  Diagnostics& diagnostics_;
  Function* function_ = nullptr;
  std::map<std::string, std::uint32_t> locals_;
  std::set<std::string> declared_;    // of them those with a type
  std::set<std::string> unresolved_;  // names without a value that were told
  std::map<std::string, std::uint32_t> globals_;
};

}  // namespace

void resolve(Program& program, const SymbolLookup& symbol, ForeignTypes* debuggee, Diagnostics& diagnostics) {
  Resolver(program, symbol, debuggee, diagnostics).run();
}

}  // namespace hyperdbg::script
