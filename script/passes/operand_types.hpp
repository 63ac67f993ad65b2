// SPDX-License-Identifier: MIT
#pragma once
#include <string>

#include "script/syntax/ast.hpp"

namespace hyperdbg::script {

bool is_comparison(BinaryOperator operation);  // && and || are among them

/*
 * The type of `left operation right`; `problem` says what is wrong with the two, if something is:
 *
 *   unsigned char + short -> int     T * + int -> T *     double % double: a problem
 */
Type type_of_operation(BinaryOperator operation, const Type& left, const Type& right, std::string& problem);

}  // namespace hyperdbg::script
