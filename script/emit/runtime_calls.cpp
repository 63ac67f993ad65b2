// SPDX-License-Identifier: MIT
#include "script/emit/runtime_calls.hpp"

#include <llvm/IR/MDBuilder.h>

#include <array>
#include <vector>

namespace hyperdbg::script {
namespace {

const char* kind_name(MemoryKind kind) {
  switch (kind) {
    case MemoryKind::registers:
      return "registers";
    case MemoryKind::globals:
      return "globals";
    case MemoryKind::fuel:
      return "fuel";
    case MemoryKind::arena:
      return "arena";
  }
  return "";
}

bool has_value(std::size_t offset) {
  return offset != offsetof(hyperdbg_script_runtime, abort) &&
         offset != offsetof(hyperdbg_script_runtime, write_register) &&
         offset != offsetof(hyperdbg_script_runtime, message) &&
         offset != offsetof(hyperdbg_script_runtime, event_short_circuit) &&
         offset != offsetof(hyperdbg_script_runtime, test_statement);
}

}  // namespace

void tag(llvm::Instruction& access, MemoryKind kind) {
  llvm::MDBuilder metadata(access.getContext());
  auto* root = metadata.createTBAARoot("hyperdbg script");
  auto* type = metadata.createTBAAScalarTypeNode(kind_name(kind), root);
  access.setMetadata(llvm::LLVMContext::MD_tbaa, metadata.createTBAAStructTagNode(type, type, 0));
}

llvm::Value* address_at(Builder& builder, llvm::Value* base, std::size_t offset) {
  return builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(), base, offset);
}

llvm::Value* load_constant(Builder& builder, llvm::Type* type, llvm::Value* base, std::size_t offset) {
  auto* load = builder.CreateAlignedLoad(type, address_at(builder, base, offset), llvm::Align(8));
  load->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(builder.getContext(), {}));
  return load;
}

llvm::CallInst* call_runtime(Builder& builder, llvm::Value* context, std::size_t offset,
                             std::span<llvm::Value* const> arguments) {
  std::vector<llvm::Value*> values{context};
  values.insert(values.end(), arguments.begin(), arguments.end());
  std::vector<llvm::Type*> types;
  for (llvm::Value* value : values) types.push_back(value->getType());
  llvm::Type* result = builder.getVoidTy();
  if (has_value(offset)) result = builder.getInt64Ty();
  auto* type = llvm::FunctionType::get(result, types, false);
  auto* table = load_constant(builder, builder.getPtrTy(), context, offsetof(hyperdbg_script_context, runtime));
  auto* call = builder.CreateCall(type, load_constant(builder, builder.getPtrTy(), table, offset), values);
  call->addFnAttr(llvm::Attribute::NoUnwind);
  return call;
}

void call_abort(Builder& builder, llvm::Value* context, hyperdbg_script_error error, llvm::Value* position,
                llvm::Value* detail) {
  const std::array<llvm::Value*, 3> arguments{builder.getInt64(error), position, detail};
  auto* call = call_runtime(builder, context, offsetof(hyperdbg_script_runtime, abort), arguments);
  call->addFnAttr(llvm::Attribute::NoReturn);
  call->addFnAttr(llvm::Attribute::Cold);
}

}  // namespace hyperdbg::script
