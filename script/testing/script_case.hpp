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

// What became of a script.
struct Played {
  std::vector<Diagnostic> diagnostics;  // of one that is wrong, and did not run
  UserRuntime::Outcome outcome;
  std::vector<std::string> shown;  // "name = value", as `show` asks
  std::string aggregates;          // of all runs, as `.aggregate` shows them
};
Played play(const ScriptCase& one);

// What it prints, how it ends and what `show` asks for; or its diagnostics.
std::string played_text(const ScriptCase& one);

// A sentence for how a run ended: "division by zero at line 1, column 5".
std::string describe(const UserRuntime::Outcome& outcome);

}  // namespace hyperdbg::script
