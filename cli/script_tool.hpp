// SPDX-License-Identifier: MIT
#pragma once
#include <cstdio>
#include <string>
#include <vector>

namespace hyperdbg {

enum class ScriptVerb { run, check, ir, disasm };

// `hyperdbg script ...`: the language without a debuggee.
struct ScriptToolOptions {
  ScriptVerb verb = ScriptVerb::run;
  std::string file;                   // "-" is standard input
  std::vector<std::string> settings;  // NAME=VALUE, the name of a register or pseudo-register
  bool json = false;
  bool batch = false;  // scripts ended by NUL from standard input; implies json
  std::string btf;     // file with the types that `struct NAME` finds; empty: none
  std::string fuel;    // operations of one run, as a number of the language; empty: the usual
};

// What the program exits with.
enum ScriptToolExit {
  script_ok = 0,
  script_has_mistakes = 1,
  script_ended_early = 2,
  script_not_tried = 3,  // the file, a --set or the compiler is the problem
};

int run_script_tool(const ScriptToolOptions& options, std::FILE* output, std::FILE* errors);

}  // namespace hyperdbg
