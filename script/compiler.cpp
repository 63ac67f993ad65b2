// SPDX-License-Identifier: MIT
#include "script/compiler.hpp"

#include <mutex>
#include <utility>

#include "abi/limits.h"
#include "abi/script.h"
#include "script/cache.hpp"
#include "script/library.hpp"
#include "script/metadata.hpp"
#include "script/passes/analyse.hpp"

namespace hyperdbg::script {
namespace {

constexpr std::size_t remembered_scripts = 64;
// The rest is for the runtime's functions.
constexpr std::uint32_t maximum_stack_need = HYPERDBG_SCRIPT_STACK_SIZE / 2;

std::unexpected<std::vector<Diagnostic>> whole_script(std::string_view text, std::string message, std::string hint) {
  Diagnostics diagnostics(text);
  diagnostics.add({}, std::move(message), std::move(hint));
  return std::unexpected(diagnostics.take());
}

CompileResult generate(const CompilerModule& module, std::string_view text, const Program& program) {
  Emitted emitted = module.emit(program);
  if (!emitted.error.empty())
    return whole_script(text, "Internal Error: " + emitted.error, "please report this script");
  if (emitted.stack_need > maximum_stack_need)
    return whole_script(text,
                        "the script needs " + std::to_string(emitted.stack_need) + " bytes of stack, there are " +
                            std::to_string(maximum_stack_need),
                        "use fewer variables at once");
  return CompiledScript{.blob = std::move(emitted.blob),
                        .metadata = encode_metadata(program.formats),
                        .stack_need = emitted.stack_need,
                        .uses_vectors = program.uses_floating,
                        .code_size = emitted.code_size,
                        .aggregations = program.aggregations};
}

}  // namespace

struct Compiler::State {
  const CompilerModule* module;
  std::mutex mutex;
  ScriptCache cache{remembered_scripts};
  std::uint64_t compilations = 0;
};

Compiler::Compiler(std::unique_ptr<State> state) : state_(std::move(state)) {}
Compiler::~Compiler() = default;

std::expected<Compiler*, std::string> Compiler::load() {
  static std::mutex mutex;
  static std::unique_ptr<Compiler> compiler;
  const std::lock_guard lock(mutex);
  if (!compiler) {
    const auto module = open_compiler_module();
    if (!module) return std::unexpected(module.error());
    auto state = std::make_unique<State>();
    state->module = *module;
    compiler.reset(new Compiler(std::move(state)));
  }
  return compiler.get();
}

CompileResult Compiler::compile(std::string_view text, const CompileOptions& options) {
  const std::lock_guard lock(state_->mutex);
  const bool includes = text.contains("#include");  // a file may change between two times
  if (const CompiledScript* known = includes ? nullptr : state_->cache.find(text, options)) return *known;

  CachedScript cached;
  CompileOptions remembering = options;
  if (options.symbol)
    remembering.symbol = [&](std::string_view name) {
      const auto address = options.symbol(name);
      if (address) cached.symbols.emplace_back(name, *address);
      return address;
    };
  auto program = analyse(text, remembering);
  if (!program) return std::unexpected(std::move(program.error()));
  CompileResult result = generate(*state_->module, text, *program);
  if (!result) return result;
  ++state_->compilations;
  for (std::size_t i = 0; i < program->globals.size(); ++i)
    cached.globals.emplace_back(program->globals[i], program->global_slots[i]);
  cached.aggregations = program->aggregation_numbers;
  if (includes) return result;
  cached.script = *result;
  if (options.types) cached.types = options.types->identity();
  state_->cache.insert(std::string(text), std::move(cached));
  return result;
}

std::expected<std::string, std::vector<Diagnostic>> Compiler::intermediate(std::string_view text,
                                                                           const CompileOptions& options) {
  const std::lock_guard lock(state_->mutex);
  auto program = analyse(text, options);
  if (!program) return std::unexpected(std::move(program.error()));
  return state_->module->intermediate(*program);
}

std::uint64_t Compiler::compilations() const {
  const std::lock_guard lock(state_->mutex);
  return state_->compilations;
}

}  // namespace hyperdbg::script
