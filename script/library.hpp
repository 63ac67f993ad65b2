// SPDX-License-Identifier: MIT
#pragma once
#include <expected>
#include <string>

#include "script/emit/module.hpp"

namespace hyperdbg::script {

// A shared object that was opened and stays open.
struct Library {
  std::string path;
  void* handle;
  void* symbol(const char* name) const;
};

// Looks for `file_name` beside the running program, in ../lib/hyperdbg from there, and in /usr/lib/hyperdbg. The error
// is a sentence about `what`.
std::expected<Library, std::string> open_library(const std::string& file_name, const std::string& what);

// hyperdbg-compiler.so, found so.
std::expected<const CompilerModule*, std::string> open_compiler_module();

}  // namespace hyperdbg::script
