// SPDX-License-Identifier: MIT
#include "script/passes/places.hpp"

namespace hyperdbg::script {
namespace {

void place_variables(Function& function) {
  constexpr std::uint64_t alignment = 8;
  for (Variable& variable : function.locals) {
    if (!variable.in_memory) continue;
    variable.offset = function.arena_size;
    function.arena_size += (size_of(variable.type) + alignment - 1) & ~(alignment - 1);
  }
}

}  // namespace

void place_all_variables(Program& program) {
  for (const std::unique_ptr<Function>& one : program.functions) place_variables(*one);
}

}  // namespace hyperdbg::script
