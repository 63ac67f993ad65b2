// SPDX-License-Identifier: MIT
#pragma once
#include "script/syntax/ast.hpp"

namespace hyperdbg::script {

/*
 * Compares the specifiers of each printf with its arguments, collects the formats, equal ones once:
 *
 *   printf("%d %s", a, b);   ->   formats: "%d %s"; the message has index 0 and kinds value, string
 */
void number_messages(Program& program, Diagnostics& diagnostics);

}  // namespace hyperdbg::script
