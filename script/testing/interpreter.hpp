// SPDX-License-Identifier: MIT
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "script/syntax/ast.hpp"

namespace hyperdbg::script {

// What a script does, found without generating code: the tree is walked. For comparison in tests only; memory,
// messages and registers beyond the general ones are left out.
struct Interpreted {
  bool failed = false;                 // division by zero, bad shift
  bool gave_up = false;                // more repetitions than asked for
  std::uint64_t repetitions = 0;       // how often loops went back
  std::vector<std::uint64_t> results;  // of test_statement
  std::array<std::uint64_t, 16> registers{};
  std::vector<std::uint64_t> globals;  // by index in Program::globals
};

Interpreted interpret(const Program& program, const std::array<std::uint64_t, 16>& registers,
                      std::uint64_t most_repetitions);

}  // namespace hyperdbg::script
