// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace hyperdbg {

// Of 64-bit programs, by the name in Linux's headers, as `man 2 syscalls` lists them; any case.
std::optional<std::uint32_t> system_call_number(std::string_view name);

// Of 32-bit programs, which have numbers of their own.
std::optional<std::uint32_t> system_call_number_32(std::string_view name);

}  // namespace hyperdbg
