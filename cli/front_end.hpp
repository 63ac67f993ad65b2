// SPDX-License-Identifier: MIT
#pragma once

namespace hyperdbg {

class Console;
class Signals;

// How lines come in and when prompts go out. Each returns the program's exit code.

// A person at a terminal: history, completion, Ctrl+C. While the debuggee runs there is no prompt.
int run_terminal(Console& console, Signals& signals);

/*
 * Another program at both ends of a pipe: no echo; behind every prompt the byte 0x05 says that the next line may come.
 * While the debuggee runs the prompt is `running> ` and lines are accepted all the same. The byte 0x03 alone on a line
 * is Ctrl+C. What happens unasked is printed as whole lines at any time.
 */
int run_machine(Console& console, Signals& signals);

// Waits until standard input (if `with_input`), the session or a signal has something, at most a moment. True: input.
bool wait_for_work(Console& console, const Signals& signals, bool with_input);

}  // namespace hyperdbg
