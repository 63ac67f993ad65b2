// SPDX-License-Identifier: MIT
#pragma once
#include <expected>
#include <string_view>
#include <vector>

#include "script/compiler.hpp"
#include "script/syntax/ast.hpp"

namespace hyperdbg::script {

// Everything before code generation: parse, resolve, messages, and the slots of globals at last.
std::expected<Program, std::vector<Diagnostic>> analyse(std::string_view text, const CompileOptions& options);

}  // namespace hyperdbg::script
