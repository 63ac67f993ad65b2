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

  struct Operand {
    llvm::Value* value;
    Type type;
  };
  Operand operand(const Expression& expression) { return {value(expression), decayed(expression.type)}; }
  // As 64 bits, for a message: a floating-point number is widened to a double.
  llvm::Value* bits(const Expression& expression);
  llvm::Value* converted(Operand from, const Type& to, Place place);

  // Where something lies that can be read, and mostly be assigned. Addresses in it are computed once.
  struct Location {
    enum class Kind { variable, global, cpu_register, arena, memory } kind;
    Type type;
    llvm::Value* place = nullptr;   // variable: the alloca; memory: the address
    llvm::Value* offset = nullptr;  // arena: bytes from the start of the variable
    const Variable* variable = nullptr;
    const RegisterName* part = nullptr;
    std::uint32_t slot = 0;
    unsigned bit_offset = 0, bit_size = 0;  // of a bit-field
  };
  Location locate(const Expression& expression);
  Location part_of_local(std::uint32_t index, std::uint64_t offset, const Type& type);
  llvm::Value* load(const Location& location, Place place);
  void store(const Location& location, llvm::Value* value, Place place);
  void copy(const Location& to, const Expression& from, Place place);

  // Arithmetic, shifts and bit operators.
  Operand arithmetic(BinaryOperator operation, Operand left, Operand right, Place place);

 private:
  llvm::Value* expression_value(const Expression& expression);
  llvm::Value* emit(const Cast& node, Place place);
  llvm::Value* emit(const Unary& node, Place place);
  llvm::Value* emit(const Binary& node, Place place);
  llvm::Value* emit(const Call& node, Place place);
  llvm::Value* emit(const UserCall& node, Place place);
  llvm::Value* emit(const PseudoRegister& node);

  llvm::Value* address_of(const Location& location);
  llvm::Value* arena_place(const Location& location, Place place);
  llvm::Value* read(llvm::Value* address, std::uint64_t size, Place place);
  llvm::Value* loaded(llvm::Value* pointer, const Type& type);
  llvm::Value* extracted(const Location& location, llvm::Value* value);
  llvm::Value* inserted(const Location& location, llvm::Value* old, llvm::Value* value);
  llvm::Value* normalized(llvm::Value* value, const Type& type);
  llvm::Value* checked_floating(llvm::Value* value, Place place);
  llvm::Value* comparison(const Binary& node, Place place);
  llvm::Value* short_circuit(const Binary& node);
  Operand pointer_arithmetic(BinaryOperator operation, Operand left, Operand right, const Type& type, Place place);
  llvm::Value* pointer_distance(llvm::Value* bytes, llvm::Value* size, Place place);
  llvm::Value* floating_arithmetic(BinaryOperator operation, llvm::Value* left, llvm::Value* right, Place place);
  llvm::Value* divide(BinaryOperator operation, llvm::Value* left, llvm::Value* right, const Type& type, Place place);
  llvm::Value* shift(BinaryOperator operation, llvm::Value* left, llvm::Value* count, const Type& type, Place place);
  llvm::Value* read_memory(const Builtin& function, llvm::Value* address, Place place);

  Frame& frame_;
  llvm::IRBuilder<>& builder_;
  const Program& program_;
};

}  // namespace hyperdbg::script
