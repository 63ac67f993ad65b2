// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace hyperdbg::script {

// The instructions of a script's code in Intel syntax.
std::vector<std::string> disassemble(std::span<const std::uint8_t> code);

// True if an instruction names a register of SSE, AVX, MMX or x87.
bool uses_vector_state(std::span<const std::uint8_t> code);

}  // namespace hyperdbg::script
