// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <string>

#include "session/session.hpp"

namespace hyperdbg {

struct DumpFormat {
  std::size_t unit;  // bytes of one element: 1, 4 or 8
  bool text;         // with the column of characters
};

// Sixteen bytes a line, unreadable elements as question marks; physical lines start with `#` and a tab.
std::string render_memory(std::uint64_t address, const ReadMemory& memory, DumpFormat format,
                          hyperdbg_address_kind kind);

}  // namespace hyperdbg
