// SPDX-License-Identifier: MIT
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "script/testing/script_case.hpp"

namespace hyperdbg::script {

/*
 * An example of docs/language.md: a fenced block whose first line says what it is.
 *
 *   ```script rax=5 $context=1      a script, and what is set before it runs (as `given` in tests/scripts)
 *   print(@rax);        //= 5                      a line that it prints
 *   x = 1 / 0;          //! division by zero       the mistake in this line, or the end of the run there
 *   ```
 *   ```event                        a command, played in tests/machine/language.scenario
 */
struct Example {
  std::string kind;  // "script", "event", or what else stands behind the fence
  unsigned line = 0;
  ScriptCase one;                                          // of a script
  std::vector<std::string> printed;                        // of a script
  std::vector<std::pair<unsigned, std::string>> troubles;  // of a script: line in it, and words of the message
  std::string text;
};

std::vector<Example> parse_examples(std::string_view document);

// What a script does that its comments do not say, a sentence each.
std::vector<std::string> problems_of(const Example& example);

}  // namespace hyperdbg::script
