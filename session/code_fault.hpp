// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <string>

#include "abi/record.h"

namespace hyperdbg {

// The line that tells which event's code did what where.
std::string code_fault_text(std::uint32_t event, std::uint32_t action, const hyperdbg_code_fault& fault);

}  // namespace hyperdbg
