// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace hyperdbg::script {

// 10 and ff are hexadecimal, also 0x10; 0n16 decimal, 0t20 and 0o20 octal, 0y101 binary; back-ticks are ignored.
// The error is a sentence.
std::expected<std::uint64_t, std::string> parse_number(std::string_view word);

// True for what a person may mean as a name but what reads as a number: face, add, dead.
bool is_hexadecimal_word(std::string_view word);

}  // namespace hyperdbg::script
