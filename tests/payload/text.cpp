// SPDX-License-Identifier: MIT
#include "tests/payload/text.hpp"

#include "hypervisor/core/uart.hpp"

namespace hyperdbg::payload {

constinit Text failure;

void Text::add(const char* part) {
  while (*part != 0 && used_ < capacity) text_[used_++] = *part++;
  text_[used_] = 0;
}

void Text::add(Hex number) {
  int shift = 60;
  while (shift > 0 && number.value >> shift == 0) shift -= 4;
  for (; shift >= 0; shift -= 4) {
    const char digit[] = {"0123456789abcdef"[number.value >> shift & 15], 0};
    add(digit);
  }
}

void Text::add(const std::source_location& where) {
  const char* name = where.file_name();
  for (const char* at = name; *at != 0; ++at) {
    if (*at == '/') name = at + 1;
  }
  char digits[] = "00000";
  for (u32 i = 5, line = where.line(); i-- > 0; line /= 10) digits[i] = static_cast<char>('0' + line % 10);
  const char* first = digits;
  while (*first == '0') ++first;
  append(name, ":", first, ": ");
}

void print(const char* text) {
  constexpr u16 first_serial_port = 0x3f8;
  const Uart console{first_serial_port};
  for (; *text != 0; ++text) console.write_raw(text, 1);
}

}  // namespace hyperdbg::payload
