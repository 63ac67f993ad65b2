// SPDX-License-Identifier: MIT
#include "base/crc32c.hpp"

namespace hyperdbg {
namespace {

struct Table {
  u32 entries[256];
};

constexpr u32 reflected_polynomial = 0x82f63b78;

constexpr Table make_table() {
  Table table{};
  for (u32 byte = 0; byte < 256; ++byte) {
    u32 value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) ? reflected_polynomial : 0);
    table.entries[byte] = value;
  }
  return table;
}

constexpr Table table = make_table();

}  // namespace

u32 crc32c(const void* bytes, std::size_t size, u32 seed) {
  const u8* next = static_cast<const u8*>(bytes);
  u32 value = ~seed;
  for (std::size_t i = 0; i < size; ++i) value = (value >> 8) ^ table.entries[(value ^ next[i]) & 0xff];
  return ~value;
}

}  // namespace hyperdbg
