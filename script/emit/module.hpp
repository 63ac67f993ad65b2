// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "script/syntax/ast.hpp"

namespace hyperdbg::script {

// Code generation and what went wrong with it; both sides of hyperdbg-compiler.so include this file.
struct Emitted {
  std::vector<std::uint8_t> blob;
  std::uint32_t code_size = 0;
  std::uint32_t stack_need = 0;
  std::string error;  // empty on success; otherwise a mistake of ours, not of the script
};

// What hyperdbg-compiler.so exports. The two files are one release: whoever opens it compares everything but `emit`.
struct CompilerModule {
  const char* version;
  std::size_t expression_size;
  std::size_t statement_size;
  Emitted (*emit)(const Program& program);
  std::string (*intermediate)(const Program& program);  // the optimized LLVM IR, for a person
};
using CompilerModuleFunction = const CompilerModule*();
inline constexpr const char* compiler_module_symbol = "hyperdbg_compiler";

}  // namespace hyperdbg::script
