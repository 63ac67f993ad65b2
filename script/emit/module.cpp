// SPDX-License-Identifier: MIT
#include "script/emit/module.hpp"

#include <llvm/IR/DiagnosticInfo.h>
#include <llvm/IR/DiagnosticPrinter.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/ErrorHandling.h>

#include <exception>
#include <stdexcept>

#include "abi/limits.h"
#include "abi/version.h"
#include "script/emit/linker.hpp"
#include "script/emit/optimizer.hpp"
#include "script/emit/statements.hpp"

namespace hyperdbg::script {
namespace {

// Slots for actions are small: beyond this, unrolled loops are not worth their place.
constexpr std::size_t large_blob = HYPERDBG_REGULAR_ACTION_SIZE / 4;

void throw_fatal_error(void*, const char* reason, bool) {
  throw std::runtime_error(reason);
}

// LLVM writes an object even after an error: the handler is what tells.
void keep_first_error(const llvm::DiagnosticInfo* diagnostic, void* context) {
  auto& error = *static_cast<std::string*>(context);
  if (diagnostic->getSeverity() != llvm::DS_Error || !error.empty()) return;
  llvm::raw_string_ostream stream(error);
  llvm::DiagnosticPrinterRawOStream printer(stream);
  diagnostic->print(printer);
}

void build(llvm::Module& module, const Program& program, Goal goal) {
  module.setTargetTriple(target_machine().getTargetTriple().str());
  module.setDataLayout(target_machine().createDataLayout());
  module.setPICLevel(llvm::PICLevel::BigPIC);
  const std::vector<llvm::Function*> functions = declare_functions(module, program, goal);
  for (std::size_t i = 0; i < functions.size(); ++i) {
    Frame frame(functions, program, i);
    StatementEmitter(frame, program).block(program.functions[i]->body);
    if (!frame.has_ended()) frame.return_from_function(nullptr);
  }
  std::string mistakes;
  llvm::raw_string_ostream stream(mistakes);
  if (llvm::verifyModule(module, &stream)) throw std::runtime_error(mistakes);
}

Emitted generate(const Program& program, Goal goal) {
  Emitted emitted;
  llvm::LLVMContext context;
  context.setDiagnosticHandlerCallBack(keep_first_error, &emitted.error);
  llvm::Module module("script", context);
  build(module, program, goal);
  optimize(module);
  const auto object = generate_object(module);
  if (!emitted.error.empty()) return emitted;
  LinkedBlob linked = link_object({object.data(), object.size()});
  emitted.blob = std::move(linked.bytes);
  emitted.code_size = linked.code_size;
  emitted.stack_need = linked.stack_need;
  return emitted;
}

Emitted emit(const Program& program) {
  const llvm::ScopedFatalErrorHandler handler(throw_fatal_error);
  try {
    Emitted fast = generate(program, Goal::speed);
    if (fast.blob.size() <= large_blob) return fast;
    Emitted small = generate(program, Goal::size);
    return small.blob.size() < fast.blob.size() ? small : fast;
  } catch (const std::exception& error) {
    return {{}, 0, 0, error.what()};
  }
}

std::string intermediate(const Program& program) {
  const llvm::ScopedFatalErrorHandler handler(throw_fatal_error);
  try {
    llvm::LLVMContext context;
    llvm::Module module("script", context);
    build(module, program, Goal::speed);
    optimize(module);
    std::string text;
    llvm::raw_string_ostream(text) << module;
    return text;
  } catch (const std::exception& error) {
    return std::string("; ") + error.what() + '\n';
  }
}

}  // namespace
}  // namespace hyperdbg::script

extern "C" __attribute__((visibility("default"))) const hyperdbg::script::CompilerModule* hyperdbg_compiler() {
  using namespace hyperdbg::script;
  static const CompilerModule module{HYPERDBG_VERSION, sizeof(Expression), sizeof(Statement), emit, intermediate};
  return &module;
}
