// SPDX-License-Identifier: MIT
#pragma once
#include <string>

#include "session/registers.hpp"

namespace hyperdbg {

std::string render_registers(const Registers& registers);

}  // namespace hyperdbg
