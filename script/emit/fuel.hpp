// SPDX-License-Identifier: MIT
#pragma once
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/PassManager.h>

namespace hyperdbg::script {

// Marks the way back of a loop.
void mark_repetition(llvm::IRBuilderBase& builder, llvm::Value* context, std::uint64_t position);

/*
 * Turns marks into charges. A loop whose number of repetitions is known when it is entered pays for all of them there,
 * and is free for the optimizer to unroll or fold; it then aborts before its first step if the fuel is short:
 *
 *   for (i = 0; i < n; i++) { x ^= i; mark }   ->   if (fuel < n - 1) abort; fuel -= n - 1; for (...) { x ^= i; }
 *
 * Every other loop pays for each step. There the counter stays in memory and is volatile: in a register it would be
 * tied to the loop's own counter and taken apart with it, or be spilled around every call.
 *
 * Needs loops in simplified form and variables in registers; it has to run before anything duplicates loops.
 */
class ChargeFuel : public llvm::PassInfoMixin<ChargeFuel> {
 public:
  llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses);
  static bool isRequired() { return true; }
};

}  // namespace hyperdbg::script
