// SPDX-License-Identifier: MIT
#pragma once
#include <string>
#include <vector>

#include "session/error.hpp"

namespace hyperdbg {

class Console;

enum class OnBatchError { go_on, stop };

// The commands in a file; arguments[0] is its path. Each is shown behind the prompt, as if typed. A command that cannot
// run while the debuggee runs waits until it halts.
Expected<void> run_batch(Console& console, const std::vector<std::string>& arguments, OnBatchError on_error);

// Parts, for tests: $argN replaced, and lines put together until their braces are closed.
std::string replace_arguments(std::string text, const std::vector<std::string>& arguments);
std::vector<std::string> split_commands(const std::string& text);

}  // namespace hyperdbg
