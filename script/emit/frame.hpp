// SPDX-License-Identifier: MIT
#pragma once
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

#include <cstddef>
#include <initializer_list>
#include <vector>

#include "abi/script.h"
#include "script/syntax/ast.hpp"

namespace hyperdbg::script {

// What counts more.
enum class Goal { speed, size };

// The functions of a program, without bodies; the script itself is the first.
std::vector<llvm::Function*> declare_functions(llvm::Module& module, const Program& program, Goal goal);

// The function that is being built, and how it reaches what abi/script.h gives a script.
class Frame {
 public:
  // `functions` are the declarations of all functions of the program, in its order; this one is built.
  Frame(const std::vector<llvm::Function*>& functions, const Program& program, std::size_t number);

  llvm::IRBuilder<>& builder() { return builder_; }
  llvm::Value* constant(std::uint64_t value) { return builder_.getInt64(value); }
  llvm::BasicBlock* new_block(const char* name);
  // Goes on in `block`; what was being built jumps there unless it has ended already.
  void continue_in(llvm::BasicBlock* block);
  // Goes on in `block`, to which other code jumps.
  void start(llvm::BasicBlock* block) { builder_.SetInsertPoint(block); }
  bool has_ended() const { return builder_.GetInsertBlock()->getTerminator() != nullptr; }
  // Gives back the function's part of the arena; null: no value.
  void return_from_function(llvm::Value* value);
  llvm::Value* call_function(std::uint32_t number, const std::vector<llvm::Value*>& arguments, const Type& result);
  const Function& source() const { return source_; }

  // Where a variable lies: in a register of the processor as far as LLVM can, or in the arena.
  llvm::Value* local(std::uint32_t index) const { return locals_[index]; }
  // Fills a variable of the arena with zeros.
  void clear_local(std::uint32_t index);
  // The address by which scripts know a byte of the function's part of the arena.
  llvm::Value* arena_address(llvm::Value* offset);
  // Where it really lies.
  llvm::Value* arena_pointer(llvm::Value* offset);
  llvm::Type* value_type(const Type& type);
  // The address of a string literal of the blob.
  llvm::Value* string_address(const String& string);
  // A constant field of the context.
  llvm::Value* context_field(std::size_t offset);
  llvm::Value* load_register(const RegisterName& part);
  void store_register(const RegisterName& part, llvm::Value* value);
  llvm::Value* load_global(std::uint32_t slot);
  void store_global(std::uint32_t slot, llvm::Value* value);

  // Calls the function at `offset` in the runtime's table with the context and `arguments`.
  llvm::CallInst* call_runtime(std::size_t offset, std::initializer_list<llvm::Value*> arguments);
  llvm::Value* call_service(hyperdbg_script_service service, std::vector<llvm::Value*> arguments, Place place);
  // `size` bytes, zero-extended: from the memory that was read last if they lie there, else through the runtime.
  llvm::Value* read_memory(llvm::Value* address, std::uint64_t size, Place place);
  // Space for the values of one message; all messages share it.
  llvm::Value* message_values(std::size_t count);

  void abort_if(llvm::Value* condition, hyperdbg_script_error error, Place place, llvm::Value* detail);
  // Stands on the way back of every loop.
  void spend_fuel(Place place);

 private:
  void create_locals();
  void enter_arena();
  // Variables lie at multiples of 8: up to the next one.
  void clear(llvm::Value* bytes, std::uint64_t size);
  void check_stack();
  // From what a function's signature has to 64 bits, and back.
  llvm::Value* widened(llvm::Value* value, const Type& type);
  llvm::Value* narrowed(llvm::Value* value, llvm::Type* type);
  llvm::Value* register_address(const RegisterName& part, llvm::Type*& type);
  llvm::Value* global_address(std::uint32_t slot);

  llvm::LLVMContext& context_;
  llvm::IRBuilder<> builder_;
  const std::vector<llvm::Function*>& functions_;
  const Function& source_;
  llvm::Function* function_ = nullptr;
  llvm::Value* arena_start_ = nullptr;
  llvm::Value* script_context_ = nullptr;
  llvm::AllocaInst* message_values_ = nullptr;
  std::vector<llvm::Value*> locals_;
};

}  // namespace hyperdbg::script
