// SPDX-License-Identifier: MIT
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "abi/registers.h"

namespace hyperdbg {

using Registers = std::array<std::uint64_t, HYPERDBG_REGISTER_COUNT>;

// What a name stands for: a whole register, or `width` bits of it from bit `shift` on (al, ax, eax, zf, iopl...).
struct RegisterName {
  std::string_view name;
  hyperdbg_register number;
  unsigned shift = 0;
  unsigned width = 64;

  std::uint64_t read(const Registers& registers) const;
  // The whole register with this part replaced. Writing a 32-bit part clears the upper half, as the processor does.
  std::uint64_t merged(std::uint64_t whole, std::uint64_t value) const;
};

// In any case, without `@`.
std::optional<RegisterName> find_register(std::string_view name);

std::span<const RegisterName> all_register_names();

}  // namespace hyperdbg
