// SPDX-License-Identifier: MIT
#pragma once
#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/Module.h>
#include <llvm/Target/TargetMachine.h>

namespace hyperdbg::script {

// x86-64, position independent, code and constants within 2 GiB of each other. One for the process.
llvm::TargetMachine& target_machine();

// O2, without what would put calls or SSE into the code.
void optimize(llvm::Module& module);

// An ELF object with the frame size of each function in .stack_sizes.
llvm::SmallVector<char, 0> generate_object(llvm::Module& module);

}  // namespace hyperdbg::script
