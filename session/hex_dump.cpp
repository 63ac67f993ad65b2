// SPDX-License-Identifier: MIT
#include "session/hex_dump.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace hyperdbg {

std::string hex_dump(std::uint64_t address, ByteView bytes) {
  constexpr std::size_t line_bytes = 16;
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += line_bytes) {
    const ByteView line = bytes.subspan(at, std::min(line_bytes, bytes.size() - at));
    std::string data, characters;
    for (const std::uint8_t byte : line) {
      data += fmt::format("{:02X} ", byte);
      characters += std::isprint(byte) != 0 ? static_cast<char>(byte) : '.';
    }
    const std::uint64_t here = address + at;
    text += fmt::format("{:08x}`{:08x}  {:48} {}\n", here >> 32, here & 0xffffffff, data, characters);
  }
  return text;
}

}  // namespace hyperdbg
