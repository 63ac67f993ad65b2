// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "abi/aggregate.h"
#include "script/syntax/diagnostic.hpp"
#include "script/syntax/types.hpp"

namespace hyperdbg::script {

// What a script needs from the session that compiles it.
struct CompileOptions {
  // The slot of a `.global`, given without its dot; the error is a sentence. The same name always gives the same slot.
  // Asked only about scripts that are right otherwise.
  std::function<std::expected<std::uint32_t, std::string>(std::string_view name)> global_slot;
  // The number of an aggregation, or a sentence; asked as above.
  std::function<std::expected<std::uint32_t, std::string>(const hyperdbg_aggregation&)> aggregation;
  // The address of `module!symbol`; may be left empty.
  std::function<std::optional<std::uint64_t>(std::string_view name)> symbol;
  // Types that the script itself does not declare; may be null.
  ForeignTypes* types = nullptr;
  // Where #include looks first.
  std::string folder;
};

struct CompiledScript {
  std::vector<std::uint8_t> blob;      // position-independent code, entry at its first byte; see abi/script.h
  std::vector<std::uint8_t> metadata;  // struct hyperdbg_script_metadata and the formats
  std::uint32_t stack_need = 0;        // bytes the blob itself uses, its return address included
  bool uses_vectors = false;           // floating point: XMM registers and MXCSR
  std::uint32_t code_size = 0;         // bytes of the blob that are code; constants stand behind them
  std::vector<hyperdbg_aggregation> aggregations = {};  // that it adds to

  std::span<const std::uint8_t> code() const { return std::span(blob).first(code_size); }
};

using CompileResult = std::expected<CompiledScript, std::vector<Diagnostic>>;

// Finds all mistakes that can be found without generating code: needs no LLVM and takes microseconds.
std::vector<Diagnostic> check(std::string_view text, const CompileOptions& options);

/*
 * The script compiler. LLVM sits in a shared object of its own, opened at the first load(), because a program that is
 * linked with it starts slowly even when no script is ever compiled.
 */
class Compiler {
 public:
  // One for the process. The error is a sentence that says which file was looked for where; the next call tries again.
  static std::expected<Compiler*, std::string> load();

  // Remembers recent results: the same text with the same slots and addresses is compiled once.
  CompileResult compile(std::string_view text, const CompileOptions& options);

  // The optimized LLVM IR of a script, for a person who wants to know what becomes of it.
  std::expected<std::string, std::vector<Diagnostic>> intermediate(std::string_view text,
                                                                   const CompileOptions& options);

  std::uint64_t compilations() const;  // how often code was really generated

  ~Compiler();
  Compiler(const Compiler&) = delete;
  Compiler& operator=(const Compiler&) = delete;

 private:
  struct State;
  explicit Compiler(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace hyperdbg::script
