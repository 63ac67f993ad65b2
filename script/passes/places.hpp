// SPDX-License-Identifier: MIT
#pragma once
#include "script/syntax/ast.hpp"

namespace hyperdbg::script {

// Places variables in each function's part of the arena.
void place_all_variables(Program& program);

}  // namespace hyperdbg::script
