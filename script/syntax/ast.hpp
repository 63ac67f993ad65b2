// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "script/syntax/builtins.hpp"
#include "script/syntax/diagnostic.hpp"
#include "script/syntax/registers.hpp"

// What the parser builds. The resolve pass fills types, indexes and values; the emitter only reads.
namespace hyperdbg::script {

struct Type {
  enum class Kind { none, integer };
  Kind kind = Kind::integer;
  unsigned bits = 64;
  bool is_signed = true;
};
inline constexpr Type signed_type{Type::Kind::integer, 64, true};     // literals, registers, comparisons
inline constexpr Type unsigned_type{Type::Kind::integer, 64, false};  // implicit variables, results of functions
inline constexpr Type no_type{Type::Kind::none, 0, false};

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
struct Symbol {
  std::string name;
  std::uint64_t address = 0;
};
struct Local {
  std::string name;
  std::uint32_t index = 0;  // in Program::locals
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

struct Expression {
  Place place;
  Type type;
  unsigned depth = 1;  // levels of the tree below and with this one
  std::variant<Number, Symbol, Local, Global, Register, PseudoRegister, Dereference, Unary, Binary, Call> node;
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
struct CallStatement {
  ExpressionPtr call;
};
// printf and print
struct Message {
  std::string format;
  std::vector<ExpressionPtr> arguments;
  std::uint32_t index = 0;  // in Program::formats
  std::uint64_t kinds = 0;  // 2 bits for each argument, see abi/script.h
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
  StatementPtr first, step;  // null if there is none
  ExpressionPtr condition;   // null: always true
  Block body;
  bool tested_first = true;
};
struct Break {};
struct Continue {};
struct Return {};
struct Nested {
  Block body;
};

struct Statement {
  Place place;
  std::variant<Assignment, CallStatement, Message, If, Loop, Break, Continue, Return, Nested> node;
};

struct Program {
  Block body;
  std::vector<std::string> locals;
  std::vector<std::string> globals;
  std::vector<Place> global_places;         // where each was named first
  std::vector<std::uint32_t> global_slots;  // same order
  std::vector<std::string> formats;
};

// For std::visit: one lambda for each kind of node.
template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

}  // namespace hyperdbg::script
