// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hyperdbg::assembler {

// Line and column are counted from 1; 0 where there is no place.
struct Message {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string text;
};

struct Assembled {
  std::vector<std::uint8_t> bytes;
  std::vector<Message> errors;  // empty on success
};

// What hyperdbg-assembler.so exports; both sides include this file and are one release.
struct AssemblerModule {
  const char* version;
  Assembled (*assemble)(std::string_view text);
};
using AssemblerModuleFunction = const AssemblerModule*();
inline constexpr const char* assembler_module_symbol = "hyperdbg_assembler";

}  // namespace hyperdbg::assembler
