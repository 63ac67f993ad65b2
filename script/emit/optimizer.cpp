// SPDX-License-Identifier: MIT
#include "script/emit/optimizer.hpp"

#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Transforms/InstCombine/InstCombine.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/SROA.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>
#include <llvm/Transforms/Utils/LCSSA.h>
#include <llvm/Transforms/Utils/LoopSimplify.h>

#include <memory>
#include <stdexcept>
#include <vector>

#include "script/emit/fuel.hpp"

namespace hyperdbg::script {
namespace {

constexpr const char* triple = "x86_64-unknown-linux-elf";

std::unique_ptr<llvm::TargetMachine> create_target_machine() {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
  std::string error;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target) throw std::runtime_error(error);
  llvm::TargetOptions options;
  options.EmitStackSizeSection = true;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, "x86-64", "", options, llvm::Reloc::PIC_, llvm::CodeModel::Small, llvm::CodeGenOptLevel::Default));
}

llvm::PipelineTuningOptions tuning() {
  llvm::PipelineTuningOptions options;
  options.LoopVectorization = false;
  options.SLPVectorization = false;
  return options;
}

// As much as it takes to count the repetitions of loops, and no more: O2 would duplicate the marks.
llvm::ModulePassManager fuel_pipeline() {
  llvm::FunctionPassManager passes;
  passes.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));
  passes.addPass(llvm::EarlyCSEPass());
  passes.addPass(llvm::SimplifyCFGPass());
  passes.addPass(llvm::InstCombinePass());
  passes.addPass(llvm::LoopSimplifyPass());
  passes.addPass(llvm::LCSSAPass());
  passes.addPass(ChargeFuel());
  llvm::ModulePassManager pipeline;
  pipeline.addPass(llvm::createModuleToFunctionPassAdaptor(std::move(passes)));
  return pipeline;
}

// What clears and copies whole variables is inline from the start, but the optimizer shortens it into what may be a
// call.
void expand_memory_intrinsics(llvm::Module& module) {
  std::vector<llvm::MemIntrinsic*> found;
  for (llvm::Function& function : module)
    for (llvm::Instruction& instruction : llvm::instructions(function))
      if (auto* memory = llvm::dyn_cast<llvm::MemIntrinsic>(&instruction))
        if (llvm::isa<llvm::ConstantInt>(memory->getLength())) found.push_back(memory);
  for (llvm::MemIntrinsic* memory : found) {
    llvm::IRBuilder<> builder(memory);
    if (auto* set = llvm::dyn_cast<llvm::MemSetInst>(memory)) {
      builder.CreateMemSetInline(set->getDest(), set->getDestAlign(), set->getValue(), set->getLength(),
                                 set->isVolatile());
    } else if (auto* copy = llvm::dyn_cast<llvm::MemCpyInst>(memory)) {
      builder.CreateMemCpyInline(copy->getDest(), copy->getDestAlign(), copy->getSource(), copy->getSourceAlign(),
                                 copy->getLength(), copy->isVolatile());
    } else {
      continue;
    }
    memory->eraseFromParent();
  }
}

}  // namespace

llvm::TargetMachine& target_machine() {
  static const std::unique_ptr<llvm::TargetMachine> machine = create_target_machine();
  return *machine;
}

void optimize(llvm::Module& module) {
  llvm::PassBuilder builder(&target_machine(), tuning());
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  // First come, first kept: must stand before registerFunctionAnalyses. There is no library to call.
  llvm::TargetLibraryInfoImpl library(module.getTargetTriple().empty() ? llvm::Triple(triple)
                                                                       : llvm::Triple(module.getTargetTriple()));
  library.disableAllFunctions();
  functions.registerPass([&] { return llvm::TargetLibraryAnalysis(library); });
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  fuel_pipeline().run(module, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
  expand_memory_intrinsics(module);
}

llvm::SmallVector<char, 0> generate_object(llvm::Module& module) {
  llvm::SmallVector<char, 0> object;
  llvm::raw_svector_ostream stream(object);
  llvm::legacy::PassManager passes;
  if (target_machine().addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::ObjectFile))
    throw std::runtime_error("LLVM cannot write x86-64 objects");
  passes.run(module);
  return object;
}

}  // namespace hyperdbg::script
