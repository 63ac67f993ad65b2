// SPDX-License-Identifier: MIT
#pragma once
#include <string>
#include <string_view>

#include "session/error.hpp"

namespace hyperdbg {

/*
 * `log { @rax, $pid, dq @rsp l 4 }` as the script that prints it: registers and pseudo-registers on one line as
 * name=value, each memory range on lines of its own, a range that cannot be read as such.
 */
Expected<std::string> log_script(std::string_view list);

}  // namespace hyperdbg
