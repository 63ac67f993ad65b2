// SPDX-License-Identifier: MIT
#pragma once
#include <fmt/format.h>

#include <cstdint>
#include <string>

namespace hyperdbg {

// fffff801`68d91262
inline std::string render_address(std::uint64_t address) {
  return fmt::format("{:08x}`{:08x}", address >> 32, address & 0xffffffff);
}

}  // namespace hyperdbg
