// SPDX-License-Identifier: MIT
#include "script/emit/frame.hpp"

#include <llvm/IR/MDBuilder.h>

#include "script/emit/fuel.hpp"
#include "script/emit/runtime_calls.hpp"

namespace hyperdbg::script {
namespace {

constexpr const char* target_features =
    "-mmx,-sse,-sse2,-sse3,-ssse3,-sse4.1,-sse4.2,-avx,-avx2,-avx512f,-x87,+soft-float";

void add_attributes(llvm::Function& function, const Program& program, Goal goal) {
  function.addFnAttr(llvm::Attribute::NoUnwind);
  function.addFnAttr(llvm::Attribute::NoRedZone);
  function.addFnAttr(llvm::Attribute::NoImplicitFloat);
  function.addFnAttr("no-builtins");
  if (!program.uses_floating) function.addFnAttr("target-features", target_features);
  if (goal == Goal::size) function.addFnAttr(llvm::Attribute::OptimizeForSize);
  function.addParamAttr(0, llvm::Attribute::NonNull);
  function.addDereferenceableParamAttr(0, sizeof(hyperdbg_script_context));
}

llvm::Type* llvm_type(llvm::LLVMContext& context, const Type& type) {
  if (type.is(Type::Kind::none)) return llvm::Type::getVoidTy(context);
  if (!type.is(Type::Kind::floating)) return llvm::Type::getInt64Ty(context);
  return type.bits == 32 ? llvm::Type::getFloatTy(context) : llvm::Type::getDoubleTy(context);
}

// Between functions an integer has the width of its type, so that recursion computes with no more than that; inside it
// is held in 64 bits.
llvm::Type* signature_type(llvm::LLVMContext& context, const Type& type) {
  if (!type.is(Type::Kind::integer)) return llvm_type(context, type);
  return llvm::Type::getIntNTy(context, type.bits);
}

}  // namespace

std::vector<llvm::Function*> declare_functions(llvm::Module& module, const Program& program, Goal goal) {
  std::vector<llvm::Function*> functions;
  for (const std::unique_ptr<Function>& one : program.functions) {
    llvm::LLVMContext& context = module.getContext();
    std::vector<llvm::Type*> parameters{llvm::PointerType::get(context, 0)};
    for (std::uint32_t i = 0; i < one->parameters; ++i)
      parameters.push_back(signature_type(context, one->locals[i].type));
    auto* type = llvm::FunctionType::get(signature_type(context, one->result), parameters, false);
    const bool is_main = functions.empty();
    auto* function =
        llvm::Function::Create(type, is_main ? llvm::GlobalValue::ExternalLinkage : llvm::GlobalValue::InternalLinkage,
                               is_main ? "script" : "script." + one->name, module);
    if (is_main) function->setVisibility(llvm::GlobalValue::HiddenVisibility);
    function->setDSOLocal(true);
    add_attributes(*function, program, goal);
    functions.push_back(function);
  }
  return functions;
}

Frame::Frame(const std::vector<llvm::Function*>& functions, const Program& program, std::size_t number)
    : context_(functions[number]->getContext()),
      builder_(context_),
      functions_(functions),
      source_(*program.functions[number]),
      function_(functions[number]),
      script_context_(function_->getArg(0)) {
  builder_.SetInsertPoint(llvm::BasicBlock::Create(context_, "entry", function_));
  create_locals();
}

llvm::Type* Frame::value_type(const Type& type) {
  return llvm_type(context_, type);
}

// Also the parameters: what is in memory gets its value from Statement emission's point of view like an assignment.
void Frame::create_locals() {
  for (const Variable& variable : source_.locals) {
    llvm::Type* type = value_type(variable.type);
    locals_.push_back(variable.in_memory ? nullptr : builder_.CreateAlloca(type));
  }
  for (std::size_t i = 0; i < locals_.size(); ++i) {
    if (!locals_[i]) continue;
    llvm::Value* first = i < source_.parameters
                             ? widened(function_->getArg(static_cast<unsigned>(i) + 1), source_.locals[i].type)
                             : llvm::Constant::getNullValue(value_type(source_.locals[i].type));
    builder_.CreateStore(first, locals_[i]);
  }
  if (!source_.name.empty() && !source_.callees.empty()) check_stack();
  if (source_.arena_size != 0) enter_arena();
  // The first block only holds what every path needs; a loop may not lead back into it.
  auto* body = new_block("body");
  builder_.CreateBr(body);
  start(body);
}

void Frame::check_stack() {
  auto* address = builder_.CreateIntrinsic(llvm::Intrinsic::addressofreturnaddress, {builder_.getPtrTy()}, {});
  llvm::Value* limit = context_field(offsetof(hyperdbg_script_context, stack_limit));
  llvm::Value* low = builder_.CreateICmpULT(builder_.CreatePtrToInt(address, builder_.getInt64Ty()), limit);
  abort_if(low, HYPERDBG_SCRIPT_STACK_OVERFLOW, source_.place, constant(0));
  spend_fuel(source_.place);
}

void Frame::enter_arena() {
  auto* used = address_at(builder_, script_context_, offsetof(hyperdbg_script_context, arena_used));
  arena_start_ = builder_.CreateAlignedLoad(builder_.getInt64Ty(), used, llvm::Align(8));
  llvm::Value* end = builder_.CreateAdd(arena_start_, constant(source_.arena_size));
  abort_if(builder_.CreateICmpUGT(end, constant(HYPERDBG_SCRIPT_ARENA_SIZE)), HYPERDBG_SCRIPT_STACK_OVERFLOW,
           source_.place, constant(0));
  builder_.CreateAlignedStore(end, used, llvm::Align(8));
  clear(arena_pointer(constant(0)), source_.arena_size);
  for (std::uint32_t i = 0; i < source_.parameters; ++i)
    if (source_.locals[i].in_memory)
      builder_.CreateAlignedStore(function_->getArg(i + 1), arena_pointer(constant(source_.locals[i].offset)),
                                  llvm::Align(8));
}

void Frame::clear_local(std::uint32_t index) {
  const Variable& variable = source_.locals[index];
  clear(arena_pointer(constant(variable.offset)), size_of(variable.type));
}

// A few bytes in line; more in a loop of volatile stores, of which LLVM makes neither hundreds of instructions nor a
// call of memset.
void Frame::clear(llvm::Value* bytes, std::uint64_t size) {
  constexpr std::uint64_t in_line = 128;
  if (size <= in_line) {
    builder_.CreateMemSetInline(bytes, llvm::Align(8), builder_.getInt8(0), constant(size));
    return;
  }
  auto* before = builder_.GetInsertBlock();
  auto* loop = new_block("clear");
  auto* behind = new_block("cleared");
  builder_.CreateBr(loop);
  start(loop);
  auto* offset = builder_.CreatePHI(builder_.getInt64Ty(), 2);
  builder_.CreateAlignedStore(constant(0), builder_.CreateGEP(builder_.getInt8Ty(), bytes, offset), llvm::Align(8),
                              true);
  llvm::Value* next = builder_.CreateAdd(offset, constant(8));
  offset->addIncoming(constant(0), before);
  offset->addIncoming(next, loop);
  builder_.CreateCondBr(builder_.CreateICmpULT(next, constant(size)), loop, behind);
  start(behind);
}

void Frame::return_from_function(llvm::Value* value) {
  if (arena_start_)
    builder_.CreateAlignedStore(arena_start_,
                                address_at(builder_, script_context_, offsetof(hyperdbg_script_context, arena_used)),
                                llvm::Align(8));
  if (function_->getReturnType()->isVoidTy())
    builder_.CreateRetVoid();
  else
    builder_.CreateRet(value ? narrowed(value, function_->getReturnType())
                             : llvm::Constant::getNullValue(function_->getReturnType()));
}

llvm::Value* Frame::widened(llvm::Value* value, const Type& type) {
  if (!value->getType()->isIntegerTy()) return value;
  return builder_.CreateIntCast(value, builder_.getInt64Ty(), type.is_signed);
}

llvm::Value* Frame::narrowed(llvm::Value* value, llvm::Type* type) {
  return value->getType()->isIntegerTy() ? builder_.CreateIntCast(value, type, false) : value;
}

llvm::Value* Frame::call_function(std::uint32_t number, const std::vector<llvm::Value*>& arguments,
                                  const Type& result) {
  llvm::FunctionType* type = functions_[number]->getFunctionType();
  std::vector<llvm::Value*> passed{script_context_};
  for (llvm::Value* argument : arguments)
    passed.push_back(narrowed(argument, type->getParamType(static_cast<unsigned>(passed.size()))));
  auto* call = builder_.CreateCall(functions_[number], passed);
  call->addFnAttr(llvm::Attribute::NoUnwind);
  return widened(call, result);
}

llvm::Value* Frame::arena_address(llvm::Value* offset) {
  const std::uint64_t area = std::uint64_t{HYPERDBG_SCRIPT_AREA_ARENA} << HYPERDBG_SCRIPT_AREA_SHIFT;
  return builder_.CreateAdd(builder_.CreateAdd(arena_start_, offset), constant(area));
}

llvm::Value* Frame::arena_pointer(llvm::Value* offset) {
  auto* arena = load_constant(builder_, builder_.getPtrTy(), script_context_, offsetof(hyperdbg_script_context, arena));
  return builder_.CreateGEP(builder_.getInt8Ty(), arena, builder_.CreateAdd(arena_start_, offset));
}

llvm::Value* Frame::string_address(const String& string) {
  std::string bytes = string.bytes;
  if (string.is_wide) bytes += '\0';
  auto* data = builder_.CreateGlobalString(bytes, "text", 0, function_->getParent());
  data->setAlignment(llvm::Align(2));
  auto* code = load_constant(builder_, builder_.getInt64Ty(), script_context_, offsetof(hyperdbg_script_context, code));
  llvm::Value* offset = builder_.CreateSub(builder_.CreatePtrToInt(data, builder_.getInt64Ty()), code);
  const std::uint64_t area = std::uint64_t{HYPERDBG_SCRIPT_AREA_CODE} << HYPERDBG_SCRIPT_AREA_SHIFT;
  return builder_.CreateAdd(offset, constant(area));
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

llvm::Value* Frame::call_service(hyperdbg_script_service service, std::vector<llvm::Value*> arguments, Place place) {
  arguments.resize(3, nullptr);
  for (llvm::Value*& argument : arguments)
    if (!argument) argument = constant(0);
  return call_runtime(offsetof(hyperdbg_script_runtime, service),
                      {constant(service), arguments[0], arguments[1], arguments[2], constant(place.position())});
}

llvm::Value* Frame::read_memory(llvm::Value* address, std::uint64_t size, Place place) {
  const auto field = [&](std::size_t offset) {
    return builder_.CreateAlignedLoad(builder_.getInt64Ty(), address_at(builder_, script_context_, offset),
                                      llvm::Align(8));
  };
  auto* near = new_block("near");
  auto* far = new_block("far");
  auto* done = new_block("read");
  llvm::Value* distance = builder_.CreateSub(address, field(offsetof(hyperdbg_script_context, cache_base)));
  llvm::Value* is_near = builder_.CreateICmpULT(distance, field(offsetof(hyperdbg_script_context, cache_limit)));
  builder_.CreateCondBr(is_near, near, far, llvm::MDBuilder(context_).createBranchWeights(64, 1));
  start(near);
  llvm::Value* moved = builder_.CreateAdd(address, field(offsetof(hyperdbg_script_context, cache_delta)));
  auto* bytes = builder_.CreateAlignedLoad(builder_.getIntNTy(static_cast<unsigned>(size) * 8),
                                           builder_.CreateIntToPtr(moved, builder_.getPtrTy()), llvm::Align(1), true);
  llvm::Value* quick = builder_.CreateZExt(bytes, builder_.getInt64Ty());
  continue_in(done);
  start(far);
  llvm::Value* slow = call_runtime(offsetof(hyperdbg_script_runtime, read_memory),
                                   {address, constant(size), constant(place.position())});
  continue_in(done);
  auto* result = builder_.CreatePHI(builder_.getInt64Ty(), 2);
  result->addIncoming(quick, near);
  result->addIncoming(slow, far);
  return result;
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
  mark_repetition(builder_, script_context_, place.position());
}

}  // namespace hyperdbg::script
