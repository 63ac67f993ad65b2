// SPDX-License-Identifier: MIT
#pragma once
#include "cli/command.hpp"

namespace hyperdbg {

// One record per command; rows of a table where commands differ only in a name.
extern const Command aggregate_command;
extern const Command help_command;
extern const Command connect_command, load_command, unload_command, debug_command, disconnect_command;
extern const Command go_command, pause_command, sleep_command, exit_command, status_command, local_status_command;
extern const Command events_command, exits_command;
extern const Command registers_command, core_command;
extern const Command disassemble_command, search_symbol_command;
extern const Command evaluate_command, print_command, formats_command;
extern const Command script_command, kernel_log_command, settings_command, clear_screen_command, test_command;
extern const Command output_command, flush_command, reset_command;
std::span<const Command> read_memory_commands();
std::span<const Command> edit_memory_commands();
std::span<const Command> event_commands();

}  // namespace hyperdbg
