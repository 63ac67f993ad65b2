// SPDX-License-Identifier: MIT
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "script/runtime/user_runtime.hpp"

namespace hyperdbg::script {

/*
 * One case of a file in tests/scripts/, see the README there:
 *
 *   == name
 *   given @rax = 1122334455667788
 *   show @rax .count
 *   --
 *   the script
 *   --
 *   what is expected, line by line
 */
struct ScriptCase {
  struct Setting {
    std::string name;  // with its sigil
    std::string value;
  };
  std::string name;
  std::vector<Setting> given;
  std::vector<std::string> shown;
  std::string script;
  std::string expected;
};

std::vector<ScriptCase> read_script_cases(std::string_view path);

// What the script prints, how it ends and what `show` asks for; or its diagnostics.
std::string play(const ScriptCase& one);

// A sentence for how a run ended: "division by zero at line 1, column 5".
std::string describe(const UserRuntime::Outcome& outcome);

}  // namespace hyperdbg::script
