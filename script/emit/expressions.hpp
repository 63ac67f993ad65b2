// SPDX-License-Identifier: MIT
#pragma once
#include "script/emit/frame.hpp"

namespace hyperdbg::script {

// Turns expressions into values of 64 bits, or into conditions of one.
class ExpressionEmitter {
 public:
  ExpressionEmitter(Frame& frame, const Program& program)
      : frame_(frame), builder_(frame.builder()), program_(program) {}

  llvm::Value* value(const Expression& expression);
  llvm::Value* condition(const Expression& expression);
  // A statement's call: what it returns is not wanted.
  void call(const Expression& expression) { expression_value(expression); }

  // What an assignment stores to. The address of *address is computed once, also when it is read and written.
  struct Target {
    const Expression* expression;
    llvm::Value* address;  // null for variables and registers
  };
  Target target(const Expression& expression);
  llvm::Value* load(const Target& target);
  void store(const Target& target, llvm::Value* value);

  struct Operand {
    llvm::Value* value;
    Type type;
  };
  // Arithmetic, shifts and bit operators.
  llvm::Value* arithmetic(BinaryOperator operation, Operand left, Operand right, Place place);

 private:
  llvm::Value* expression_value(const Expression& expression);
  llvm::Value* emit(const Number& node, Place place);
  llvm::Value* emit(const Symbol& node, Place place);
  llvm::Value* emit(const Local& node, Place place);
  llvm::Value* emit(const Global& node, Place place);
  llvm::Value* emit(const Register& node, Place place);
  llvm::Value* emit(const PseudoRegister& node, Place place);
  llvm::Value* emit(const Dereference& node, Place place);
  llvm::Value* emit(const Unary& node, Place place);
  llvm::Value* emit(const Binary& node, Place place);
  llvm::Value* emit(const Call& node, Place place);

  Operand operand(const Expression& expression) { return {value(expression), expression.type}; }
  llvm::Value* comparison(const Binary& node);
  llvm::Value* short_circuit(const Binary& node);
  llvm::Value* divide(BinaryOperator operation, llvm::Value* left, llvm::Value* right, bool is_signed, Place place);
  llvm::Value* shift(BinaryOperator operation, llvm::Value* left, llvm::Value* count, bool is_signed, Place place);
  llvm::Value* read_memory(const Builtin& function, llvm::Value* address, Place place);

  Frame& frame_;
  llvm::IRBuilder<>& builder_;
  const Program& program_;
};

}  // namespace hyperdbg::script
