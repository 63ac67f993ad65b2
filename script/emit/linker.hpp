// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace hyperdbg::script {

struct LinkedBlob {
  std::vector<std::uint8_t> bytes;
  std::uint32_t code_size = 0;  // constants stand behind it
  // Bytes of stack, return addresses included, if no function runs twice at a time; from .stack_sizes.
  std::uint32_t stack_need = 0;
};

/*
 * Lays the code and the constants of an ELF object behind each other and resolves the distances between them. What is
 * not expected in a script (a call to the outside, data that can be written, an absolute address) is refused by a
 * std::runtime_error: this is the net under everything that keeps code generation from producing it.
 */
LinkedBlob link_object(std::span<const char> object);

}  // namespace hyperdbg::script
