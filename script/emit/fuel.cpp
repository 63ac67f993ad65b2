// SPDX-License-Identifier: MIT
#include "script/emit/fuel.hpp"

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/ScalarEvolutionExpressions.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/ScalarEvolutionExpander.h>

#include <map>
#include <vector>

#include "script/emit/runtime_calls.hpp"

namespace hyperdbg::script {
namespace {

constexpr const char* mark_name = "hyperdbg.repetition";

struct Mark {
  llvm::Value* context;
  llvm::Value* position;

  explicit Mark(const llvm::CallInst& call) : context(call.getArgOperand(0)), position(call.getArgOperand(1)) {}
};

// A charge of `amount` before `before`.
struct Charge {
  Mark mark;
  llvm::Instruction* before;
  llvm::Value* amount;  // null: one, on the way back of a loop
};

std::vector<llvm::CallInst*> find_marks(llvm::Function& function) {
  std::vector<llvm::CallInst*> marks;
  for (llvm::Instruction& instruction : llvm::instructions(function)) {
    auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
    if (call && call->getCalledFunction() && call->getCalledFunction()->getName() == mark_name) marks.push_back(call);
  }
  return marks;
}

bool only_aborts(const llvm::BasicBlock& block) {
  return llvm::isa<llvm::UnreachableInst>(block.getTerminator());
}

// How often the loop goes back at most. Exits that abort do not count: they end everything. If any other exit is not
// known in advance, the loop may end early, and must not pay for what it does not do.
const llvm::SCEV* repetitions(const llvm::Loop& loop, llvm::ScalarEvolution& evolution) {
  llvm::SmallVector<llvm::Loop::Edge> exits;
  loop.getExitEdges(exits);
  const llvm::SCEV* least = nullptr;
  for (const auto& [from, to] : exits) {
    if (only_aborts(*to)) continue;
    const llvm::SCEV* count = evolution.getExitCount(&loop, from);
    if (llvm::isa<llvm::SCEVCouldNotCompute>(count)) return nullptr;
    least = least ? evolution.getUMinFromMismatchedTypes(least, count) : count;
  }
  return least;
}

llvm::Value* amount_in_preheader(const llvm::Loop& loop, llvm::ScalarEvolution& evolution,
                                 llvm::SCEVExpander& expander) {
  llvm::BasicBlock* preheader = loop.getLoopPreheader();
  const llvm::SCEV* count = preheader ? repetitions(loop, evolution) : nullptr;
  if (!count || evolution.getTypeSizeInBits(count->getType()) > 64) return nullptr;
  llvm::Instruction* before = preheader->getTerminator();
  if (!expander.isSafeToExpandAt(count, before)) return nullptr;
  llvm::Type* type = llvm::Type::getInt64Ty(preheader->getContext());
  return expander.expandCodeFor(evolution.getNoopOrZeroExtend(count, type), type, before);
}

void emit_charge(const Charge& charge) {
  llvm::IRBuilder<> builder(charge.before);
  auto* place = address_at(builder, charge.mark.context, offsetof(hyperdbg_script_context, fuel));
  auto* old = builder.CreateAlignedLoad(builder.getInt64Ty(), place, llvm::Align(8), true);
  tag(*old, MemoryKind::fuel);
  llvm::Value* left = builder.CreateSub(old, charge.amount ? charge.amount : builder.getInt64(1));
  // One at a time the counter passes below zero; a large amount could pass all of the negative numbers as well.
  llvm::Value* exhausted = nullptr;
  if (charge.amount) {
    exhausted = builder.CreateICmpULT(old, charge.amount);
  } else {
    tag(*builder.CreateAlignedStore(left, place, llvm::Align(8), true), MemoryKind::fuel);
    exhausted = builder.CreateICmpSLT(left, builder.getInt64(0));
  }
  auto* weights = llvm::MDBuilder(builder.getContext()).createBranchWeights(1, 1u << 20);
  llvm::Instruction* end = llvm::SplitBlockAndInsertIfThen(exhausted, charge.before, true, weights);
  if (charge.amount) {
    builder.SetInsertPoint(charge.before);
    tag(*builder.CreateAlignedStore(left, place, llvm::Align(8), true), MemoryKind::fuel);
  }
  builder.SetInsertPoint(end);
  // The runtime knows what the run started with.
  call_abort(builder, charge.mark.context, HYPERDBG_SCRIPT_OUT_OF_FUEL, charge.mark.position, builder.getInt64(0));
}

}  // namespace

void mark_repetition(llvm::IRBuilderBase& builder, llvm::Value* context, std::uint64_t position) {
  llvm::Module& module = *builder.GetInsertBlock()->getModule();
  auto* type = llvm::FunctionType::get(builder.getVoidTy(), {builder.getPtrTy(), builder.getInt64Ty()}, false);
  const auto mark = module.getOrInsertFunction(mark_name, type);
  auto* call = builder.CreateCall(mark, {context, builder.getInt64(position)});
  call->setOnlyAccessesInaccessibleMemory();
  call->addFnAttr(llvm::Attribute::WillReturn);
  call->addFnAttr(llvm::Attribute::NoUnwind);
  call->addFnAttr(llvm::Attribute::NoMerge);
}

llvm::PreservedAnalyses ChargeFuel::run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses) {
  const std::vector<llvm::CallInst*> marks = find_marks(function);
  if (marks.empty()) return llvm::PreservedAnalyses::all();
  auto& loops = analyses.getResult<llvm::LoopAnalysis>(function);
  auto& evolution = analyses.getResult<llvm::ScalarEvolutionAnalysis>(function);
  llvm::SCEVExpander expander(evolution, function.getDataLayout(), "repetitions");

  // First all questions about loops, then all changes to them.
  std::map<llvm::Loop*, llvm::Value*> amounts;
  std::vector<Charge> charges;
  for (llvm::CallInst* mark : marks) {
    llvm::Loop* loop = loops.getLoopFor(mark->getParent());
    const bool is_new = loop && !amounts.contains(loop);
    if (is_new) amounts[loop] = amount_in_preheader(*loop, evolution, expander);
    if (!loop || !amounts[loop])
      charges.push_back({Mark(*mark), mark, nullptr});
    else if (is_new)
      charges.push_back({Mark(*mark), loop->getLoopPreheader()->getTerminator(), amounts[loop]});
  }
  for (const Charge& charge : charges) emit_charge(charge);
  for (llvm::CallInst* mark : marks) mark->eraseFromParent();
  return llvm::PreservedAnalyses::none();
}

}  // namespace hyperdbg::script
