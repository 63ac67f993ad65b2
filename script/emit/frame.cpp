// SPDX-License-Identifier: MIT
#include "script/emit/frame.hpp"

#include <llvm/IR/MDBuilder.h>

#include "script/emit/fuel.hpp"
#include "script/emit/runtime_calls.hpp"

namespace hyperdbg::script {
namespace {

constexpr const char* target_features =
    "-mmx,-sse,-sse2,-sse3,-ssse3,-sse4.1,-sse4.2,-avx,-avx2,-avx512f,-x87,+soft-float";

void add_attributes(llvm::Function& function) {
  function.addFnAttr(llvm::Attribute::NoUnwind);
  function.addFnAttr(llvm::Attribute::NoRedZone);
  function.addFnAttr(llvm::Attribute::NoImplicitFloat);
  function.addFnAttr("no-builtins");
  function.addFnAttr("target-features", target_features);
}

}  // namespace

Frame::Frame(llvm::Module& module, const Program& program, Goal goal)
    : context_(module.getContext()), builder_(context_) {
  create_function(module, goal);
  create_locals(program.locals.size());
}

void Frame::create_function(llvm::Module& module, Goal goal) {
  auto* type = llvm::FunctionType::get(builder_.getVoidTy(), {builder_.getPtrTy()}, false);
  function_ = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, "script", module);
  function_->setVisibility(llvm::GlobalValue::HiddenVisibility);
  function_->setDSOLocal(true);
  add_attributes(*function_);
  if (goal == Goal::size) function_->addFnAttr(llvm::Attribute::OptimizeForSize);
  script_context_ = function_->getArg(0);
  function_->addParamAttr(0, llvm::Attribute::NoAlias);
  function_->addParamAttr(0, llvm::Attribute::NonNull);
  function_->addDereferenceableParamAttr(0, sizeof(hyperdbg_script_context));
  builder_.SetInsertPoint(llvm::BasicBlock::Create(context_, "entry", function_));
}

void Frame::create_locals(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    locals_.push_back(builder_.CreateAlloca(builder_.getInt64Ty()));
    builder_.CreateStore(constant(0), locals_.back());
  }
  // The first block only holds what every path needs; a loop may not lead back into it.
  auto* body = new_block("body");
  builder_.CreateBr(body);
  start(body);
}

llvm::BasicBlock* Frame::new_block(const char* name) {
  return llvm::BasicBlock::Create(context_, name, function_);
}

void Frame::continue_in(llvm::BasicBlock* block) {
  if (!has_ended()) builder_.CreateBr(block);
  start(block);
}

llvm::Value* Frame::context_field(std::size_t offset) {
  return load_constant(builder_, builder_.getInt64Ty(), script_context_, offset);
}

// A part that is whole bytes is its own place in memory.
llvm::Value* Frame::register_address(const RegisterName& part, llvm::Type*& type) {
  type = builder_.getIntNTy(part.width);
  auto* block =
      load_constant(builder_, builder_.getPtrTy(), script_context_, offsetof(hyperdbg_script_context, registers));
  return address_at(builder_, block, part.number * 8 + part.shift / 8);
}

llvm::Value* Frame::load_register(const RegisterName& part) {
  if (part.number <= HYPERDBG_R15) {
    llvm::Type* type = nullptr;
    llvm::Value* place = register_address(part, type);
    auto* load = builder_.CreateAlignedLoad(type, place, llvm::Align(part.shift == 0 ? part.width / 8 : 1));
    tag(*load, MemoryKind::registers);
    return builder_.CreateZExt(load, builder_.getInt64Ty());
  }
  llvm::Value* whole = call_runtime(offsetof(hyperdbg_script_runtime, read_register), {constant(part.number)});
  if (part.width == 64) return whole;
  return builder_.CreateAnd(builder_.CreateLShr(whole, part.shift), (1ull << part.width) - 1);
}

void Frame::store_register(const RegisterName& part, llvm::Value* value) {
  if (part.number <= HYPERDBG_R15) {
    llvm::Type* type = nullptr;
    llvm::Value* place = register_address(part, type);
    auto* store = builder_.CreateAlignedStore(builder_.CreateTrunc(value, type), place,
                                              llvm::Align(part.shift == 0 ? part.width / 8 : 1));
    tag(*store, MemoryKind::registers);
    return;
  }
  if (part.width != 64) {
    const std::uint64_t mask = ((1ull << part.width) - 1) << part.shift;
    llvm::Value* whole = call_runtime(offsetof(hyperdbg_script_runtime, read_register), {constant(part.number)});
    llvm::Value* placed = builder_.CreateAnd(builder_.CreateShl(value, part.shift), mask);
    value = builder_.CreateOr(builder_.CreateAnd(whole, ~mask), placed);
  }
  call_runtime(offsetof(hyperdbg_script_runtime, write_register), {constant(part.number), value});
}

llvm::Value* Frame::global_address(std::uint32_t slot) {
  auto* globals =
      load_constant(builder_, builder_.getPtrTy(), script_context_, offsetof(hyperdbg_script_context, globals));
  return address_at(builder_, globals, std::size_t{slot} * 8);
}

// Other cores write globals at the same time: no torn value, and every loop looks again.
llvm::Value* Frame::load_global(std::uint32_t slot) {
  auto* load = builder_.CreateAlignedLoad(builder_.getInt64Ty(), global_address(slot), llvm::Align(8));
  load->setAtomic(llvm::AtomicOrdering::Monotonic);
  tag(*load, MemoryKind::globals);
  return load;
}

void Frame::store_global(std::uint32_t slot, llvm::Value* value) {
  auto* store = builder_.CreateAlignedStore(value, global_address(slot), llvm::Align(8));
  store->setAtomic(llvm::AtomicOrdering::Monotonic);
  tag(*store, MemoryKind::globals);
}

llvm::CallInst* Frame::call_runtime(std::size_t offset, std::initializer_list<llvm::Value*> arguments) {
  return script::call_runtime(builder_, script_context_, offset, std::span(arguments.begin(), arguments.size()));
}

llvm::Value* Frame::message_values(std::size_t count) {
  if (count == 0) return llvm::ConstantPointerNull::get(builder_.getPtrTy());
  if (message_values_ && llvm::cast<llvm::ArrayType>(message_values_->getAllocatedType())->getNumElements() >= count)
    return message_values_;
  auto* type = llvm::ArrayType::get(builder_.getInt64Ty(), count);
  llvm::IRBuilder<> entry(&function_->getEntryBlock(), function_->getEntryBlock().begin());
  auto* larger = entry.CreateAlloca(type);
  if (message_values_) {
    message_values_->replaceAllUsesWith(larger);
    message_values_->eraseFromParent();
  }
  message_values_ = larger;
  return larger;
}

void Frame::abort_if(llvm::Value* condition, hyperdbg_script_error error, Place place, llvm::Value* detail) {
  if (auto* known = llvm::dyn_cast<llvm::ConstantInt>(condition); known && known->isZero()) return;
  auto* failed = new_block("failed");
  auto* passed = new_block("passed");
  llvm::MDBuilder metadata(context_);
  builder_.CreateCondBr(condition, failed, passed, metadata.createBranchWeights(1, 1u << 20));
  start(failed);
  call_abort(builder_, script_context_, error, constant(place.position()), detail);
  builder_.CreateUnreachable();
  start(passed);
}

void Frame::spend_fuel(Place place) {
  if (!starting_fuel_) {
    llvm::IRBuilder<> entry(function_->getEntryBlock().getTerminator());
    auto* fuel = address_at(entry, script_context_, offsetof(hyperdbg_script_context, fuel));
    auto* load = entry.CreateAlignedLoad(entry.getInt64Ty(), fuel, llvm::Align(8));
    tag(*load, MemoryKind::fuel);
    starting_fuel_ = load;
  }
  mark_repetition(builder_, script_context_, place.position(), starting_fuel_);
}

}  // namespace hyperdbg::script
