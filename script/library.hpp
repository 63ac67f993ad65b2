// SPDX-License-Identifier: MIT
#pragma once
#include <expected>
#include <string>

#include "script/emit/module.hpp"

namespace hyperdbg::script {

// Opens hyperdbg-compiler.so: beside the running program, in ../lib/hyperdbg from there, or in /usr/lib/hyperdbg.
// It stays open. The error is a sentence.
std::expected<const CompilerModule*, std::string> open_compiler_module();

}  // namespace hyperdbg::script
