// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "script/syntax/ast.hpp"

namespace hyperdbg::script {

using SymbolLookup = std::function<std::optional<std::uint64_t>(std::string_view name)>;

/*
 * `debuggee` knows the debuggee's types and may be null.
 * Gives every expression its type and every name its meaning: indexes of locals and globals, addresses of symbols.
 * Fills Program::locals, globals and global_places. A local comes into being with its first assignment:
 *
 *   x = 1; y = x + z;   ->   locals: x = 0, y = 1; complains about z
 */
void resolve(Program& program, const SymbolLookup& symbol, ForeignTypes* debuggee, Diagnostics& diagnostics);

}  // namespace hyperdbg::script
