// SPDX-License-Identifier: MIT
#include "cli/render/memory.hpp"

#include <algorithm>
#include <cctype>

#include "cli/render/address.hpp"

namespace hyperdbg {
namespace {

constexpr std::size_t line_bytes = 16;

std::string element(const ReadMemory& memory, std::size_t at, std::size_t unit) {
  const std::string half = unit == 1 ? "??" : "????????";
  std::uint64_t value = 0;
  bool valid = true;
  for (std::size_t i = 0; i < unit && at + i < memory.bytes.size(); ++i) {
    valid = valid && memory.valid[at + i];
    value |= static_cast<std::uint64_t>(memory.bytes[at + i]) << (8 * i);
  }
  if (!valid) return unit == 8 ? half + "`" + half : half;
  if (unit == 8) return fmt::format("{:08X}`{:08X}", value >> 32, value & 0xffffffff);
  return fmt::format("{:0{}X}", value, unit * 2);
}

std::string characters(const ReadMemory& memory, std::size_t at, std::size_t size) {
  std::string text;
  for (std::size_t i = at; i < at + size; ++i) {
    const unsigned char c = memory.bytes[i];
    text += !memory.valid[i] ? '?' : std::isprint(c) != 0 ? static_cast<char>(c) : '.';
  }
  return text;
}

}  // namespace

std::string render_memory(std::uint64_t address, const ReadMemory& memory, DumpFormat format,
                          hyperdbg_address_kind kind) {
  std::string text;
  for (std::size_t at = 0; at < memory.bytes.size(); at += line_bytes) {
    const std::size_t size = std::min(line_bytes, memory.bytes.size() - at);
    std::string line = kind == HYPERDBG_PHYSICAL ? "#\t" : "";
    line += render_address(address + at) + "  ";
    std::string data;
    for (std::size_t i = 0; i < size; i += format.unit) data += element(memory, at + i, format.unit) + ' ';
    if (format.text) {
      data.resize(line_bytes / format.unit * (format.unit * 2 + 1), ' ');
      data += ' ' + characters(memory, at, size);
    } else {
      data.pop_back();
    }
    text += line + data + '\n';
  }
  return text;
}

}  // namespace hyperdbg
