// SPDX-License-Identifier: MIT
#pragma once
#include <llvm/IR/IRBuilder.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "abi/script.h"

namespace hyperdbg::script {

// What memory an access goes to: different kinds never overlap, and the optimizer is told so.
enum class MemoryKind { registers, globals, fuel, arena };
void tag(llvm::Instruction& access, MemoryKind kind);

using Builder = llvm::IRBuilderBase;

llvm::Value* address_at(Builder& builder, llvm::Value* base, std::size_t offset);
// Loads what nobody changes during a run.
llvm::Value* load_constant(Builder& builder, llvm::Type* type, llvm::Value* base, std::size_t offset);
// Calls the function at `offset` in the runtime's table with the script's context and `arguments`.
llvm::CallInst* call_runtime(Builder& builder, llvm::Value* context, std::size_t offset,
                             std::span<llvm::Value* const> arguments);
// Ends the run: nothing follows.
void call_abort(Builder& builder, llvm::Value* context, hyperdbg_script_error error, llvm::Value* position,
                llvm::Value* detail);

}  // namespace hyperdbg::script
