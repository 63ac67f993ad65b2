// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace hyperdbg {

// Hexadecimal unless a prefix says otherwise (0x \x x: hexadecimal; 0n \n n: decimal); back-ticks are ignored.
std::optional<std::uint64_t> parse_number(std::string_view text);

}  // namespace hyperdbg
