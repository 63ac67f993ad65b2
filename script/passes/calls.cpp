// SPDX-License-Identifier: MIT
#include "script/passes/calls.hpp"

#include <algorithm>
#include <vector>

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

// Whether `from` calls `wanted`, perhaps through others.
bool reaches(const Program& program, const Function& from, const Function& wanted) {
  std::vector<bool> seen(program.functions.size());
  std::vector<std::uint32_t> open = from.callees;
  while (!open.empty()) {
    const std::uint32_t number = open.back();
    open.pop_back();
    const Function& callee = *program.functions[number];
    if (&callee == &wanted) return true;
    if (seen[number]) continue;
    seen[number] = true;
    open.insert(open.end(), callee.callees.begin(), callee.callees.end());
  }
  return false;
}

}  // namespace

void plan_calls(Program& program) {
  for (const std::unique_ptr<Function>& one : program.functions) {
    place_variables(*one);
    one->is_recursive = reaches(program, *one, *one);
  }
}

}  // namespace hyperdbg::script
