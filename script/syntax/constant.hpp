// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <optional>

#include "script/syntax/ast.hpp"

namespace hyperdbg::script {

// The value of an expression of numbers alone, as in the dimension of an array; nothing if it has none.
std::optional<std::uint64_t> constant_value(const Expression& expression);

// A number as the parser makes one.
ExpressionPtr number_at(Place place, std::uint64_t value);

}  // namespace hyperdbg::script
