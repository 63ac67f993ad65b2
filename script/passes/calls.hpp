// SPDX-License-Identifier: MIT
#pragma once
#include "script/syntax/ast.hpp"

namespace hyperdbg::script {

// Says which functions can call themselves again, places variables in each function's part of the arena, and whether
// anything is floating-point.
void plan_calls(Program& program);

}  // namespace hyperdbg::script
