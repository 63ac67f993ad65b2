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

// The function that is being built, and how it reaches what abi/script.h gives a script.
class Frame {
 public:
  Frame(llvm::Module& module, const Program& program, Goal goal);

  llvm::IRBuilder<>& builder() { return builder_; }
  llvm::Value* constant(std::uint64_t value) { return builder_.getInt64(value); }
  llvm::BasicBlock* new_block(const char* name);
  // Goes on in `block`; what was being built jumps there unless it has ended already.
  void continue_in(llvm::BasicBlock* block);
  // Goes on in `block`, to which other code jumps.
  void start(llvm::BasicBlock* block) { builder_.SetInsertPoint(block); }
  bool has_ended() const { return builder_.GetInsertBlock()->getTerminator() != nullptr; }
  void return_from_script() { builder_.CreateRetVoid(); }

  llvm::Value* local(std::uint32_t index) const { return locals_[index]; }
  // A constant field of the context.
  llvm::Value* context_field(std::size_t offset);
  llvm::Value* load_register(const RegisterName& part);
  void store_register(const RegisterName& part, llvm::Value* value);
  llvm::Value* load_global(std::uint32_t slot);
  void store_global(std::uint32_t slot, llvm::Value* value);

  // Calls the function at `offset` in the runtime's table with the context and `arguments`.
  llvm::CallInst* call_runtime(std::size_t offset, std::initializer_list<llvm::Value*> arguments);
  // Space for the values of one message; all messages share it.
  llvm::Value* message_values(std::size_t count);

  void abort_if(llvm::Value* condition, hyperdbg_script_error error, Place place, llvm::Value* detail);
  // Stands on the way back of every loop.
  void spend_fuel(Place place);

 private:
  void create_function(llvm::Module& module, Goal goal);
  void create_locals(std::size_t count);
  llvm::Value* register_address(const RegisterName& part, llvm::Type*& type);
  llvm::Value* global_address(std::uint32_t slot);

  llvm::LLVMContext& context_;
  llvm::IRBuilder<> builder_;
  llvm::Function* function_ = nullptr;
  llvm::Value* script_context_ = nullptr;
  llvm::Value* starting_fuel_ = nullptr;
  llvm::AllocaInst* message_values_ = nullptr;
  std::vector<llvm::Value*> locals_;
};

}  // namespace hyperdbg::script
