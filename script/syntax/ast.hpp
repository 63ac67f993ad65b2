// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "abi/aggregate.h"
#include "script/syntax/builtins.hpp"
#include "script/syntax/diagnostic.hpp"
#include "script/syntax/registers.hpp"
#include "script/syntax/types.hpp"

// What the parser builds. The resolve pass fills types, indexes and values; the emitter only reads.
namespace hyperdbg::script {

enum class UnaryOperator { negate, plus, complement, logical_not };
enum class BinaryOperator {
  // clang-format off
  multiply, divide, modulo, add, subtract, shift_left, shift_right,
  less, greater, less_equal, greater_equal, equal, not_equal,
  bit_and, bit_xor, bit_or, logical_and, logical_or,
  // clang-format on
};

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;

struct Number {
  std::uint64_t value = 0;
};
struct FloatingNumber {
  double value = 0;
};
// Argument of the functions that take one.
struct String {
  std::string bytes;  // without the zero at its end
  bool is_wide = false;
};
struct Symbol {
  std::string name;
  std::uint64_t address = 0;
};
struct Local {
  std::string name;
  std::uint32_t index = 0;  // in Function::locals
};
struct Global {
  std::string name;
  std::uint32_t index = 0;  // in Program::globals
};
struct Register {
  RegisterName part;
};
struct PseudoRegister {
  PseudoName name;
};
struct Dereference {
  ExpressionPtr address;
};
struct AddressOf {
  ExpressionPtr object;
};
struct Index {
  ExpressionPtr base, index;
};
// base.name, base->name
struct MemberAccess {
  ExpressionPtr base;
  std::string name;
  bool through_pointer = false;
  Member member = {};
};
struct Cast {
  Type type;
  ExpressionPtr operand;
};
struct SizeOf {
  Type type;              // unless there is an operand
  ExpressionPtr operand;  // not evaluated
  std::uint64_t size = 0;
};
struct Unary {
  UnaryOperator operation;
  ExpressionPtr operand;
};
struct Binary {
  BinaryOperator operation;
  ExpressionPtr left, right;
};
struct Call {
  const Builtin* function;
  std::vector<ExpressionPtr> arguments;
};
struct UserCall {
  std::string name;
  std::vector<ExpressionPtr> arguments;
  std::uint32_t function = 0;  // in Program::functions
};

struct Expression {
  Place place;
  Type type;
  unsigned depth = 1;  // levels of the tree below and with this one
  std::variant<Number, FloatingNumber, String, Symbol, Local, Global, Register, PseudoRegister, Dereference, AddressOf,
               Index, MemberAccess, Cast, SizeOf, Unary, Binary, Call, UserCall>
      node;
};

struct Statement;
using StatementPtr = std::unique_ptr<Statement>;
using Block = std::vector<StatementPtr>;

// `a = b = value`, `a += value`, `a++`. Targets are stored from the last to the first.
struct Assignment {
  std::vector<ExpressionPtr> targets;
  std::optional<BinaryOperator> operation;  // with one target only
  ExpressionPtr value;
};
// What stands behind `=` in a declaration: a value, or a list in braces.
struct Initializer {
  Place place;
  ExpressionPtr value;  // null: a list
  std::vector<Initializer> list;
};
// type name = initializer;
struct Declaration {
  std::string name;
  Type type;
  std::optional<Initializer> initializer;
  std::uint32_t index = 0;  // in Function::locals
  // The initializer, taken apart: what is not named is zero.
  struct Store {
    std::uint64_t offset;
    Type type;
    ExpressionPtr value;
  };
  std::vector<Store> stores;
};
struct CallStatement {
  ExpressionPtr call;
};
// printf, print and formats
struct Message {
  std::string format;
  std::vector<ExpressionPtr> arguments;
  std::uint32_t index = 0;  // in Program::formats
  std::uint64_t kinds = 0;  // 2 bits for each argument, see abi/script.h
};
// aggregate_count and its like. Stacks, as keys and as the value, are null: there is nothing to compute.
struct Aggregate {
  hyperdbg_aggregation aggregation;
  ExpressionPtr value;  // null: none
  std::vector<ExpressionPtr> keys;
  std::uint32_t index = 0;  // in Program::aggregations
};
struct If {
  struct Branch {
    ExpressionPtr condition;
    Block body;
  };
  std::vector<Branch> branches;
  Block otherwise;
};
// while, for and do-while
struct Loop {
  Block first;              // what stands before the first `;` of a for
  StatementPtr step;        // null if there is none
  ExpressionPtr condition;  // null: always true
  Block body;
  bool tested_first = true;
};
struct Switch {
  struct Case {
    Place place;
    ExpressionPtr label;  // null: default
    std::uint64_t value = 0;
    Block body;  // runs into the next one
  };
  ExpressionPtr value;
  std::vector<Case> cases;
};
struct Break {};
struct Continue {};
struct Return {
  ExpressionPtr value;  // null: none
};
struct Nested {
  Block body;
};

struct Statement {
  Place place;
  std::variant<Assignment, Declaration, CallStatement, Message, Aggregate, If, Loop, Switch, Break, Continue, Return,
               Nested>
      node;
};

struct Variable {
  std::string name;
  Type type;
  bool in_memory = false;    // its address is needed
  std::uint64_t offset = 0;  // in the function's part of the arena
};

struct Function {
  std::string name;  // empty: the script itself
  Place place;
  Type result = no_type;
  std::uint32_t parameters = 0;  // the first of locals
  std::vector<Variable> locals;
  Block body;
  bool defined = false;
  std::vector<std::uint32_t> callees;  // in Program::functions
  std::uint64_t arena_size = 0;        // bytes
};

// The script's own structures. One that points to itself would keep itself: what it points to goes with the program.
class Structures {
 public:
  Structures() = default;
  Structures(Structures&&) = default;
  Structures& operator=(Structures&&) = default;
  ~Structures() {
    for (const std::shared_ptr<Structure>& one : all_) one->members.clear();
  }
  void add(std::shared_ptr<Structure> one) { all_.push_back(std::move(one)); }

 private:
  std::vector<std::shared_ptr<Structure>> all_;
};

struct Program {
  Structures structures;
  std::vector<std::unique_ptr<Function>> functions;  // the script itself first
  std::vector<std::string> globals;
  std::vector<Place> global_places;         // where each was named first
  std::vector<std::uint32_t> global_slots;  // same order
  std::vector<std::string> formats;
  std::vector<hyperdbg_aggregation> aggregations;
  std::vector<Place> aggregation_places;
  std::vector<std::uint32_t> aggregation_numbers;  // the debuggee's, same order
  bool uses_floating = false;

  Function& main() { return *functions.front(); }
  const Function& main() const { return *functions.front(); }
};

// For std::visit: one lambda for each kind of node.
template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

}  // namespace hyperdbg::script
