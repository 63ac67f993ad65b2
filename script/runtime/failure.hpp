// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <string>

namespace hyperdbg::script {

// Why a run ended early, in half a sentence: "division by zero at line 3, column 7". See abi/script.h's
// hyperdbg_script_error.
std::string failure_text(std::uint64_t error, std::uint64_t position, std::uint64_t detail);

// What a script asked for and did not get, though it went on; abi/record.h's hyperdbg_script_warning.
std::string warning_text(std::uint64_t warning, std::uint64_t position, std::uint64_t detail);

}  // namespace hyperdbg::script
