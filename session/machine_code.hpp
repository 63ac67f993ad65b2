// SPDX-License-Identifier: MIT
#pragma once
#include <string>
#include <string_view>

#include "assembler/assembler.hpp"
#include "session/bytes.hpp"
#include "session/error.hpp"

namespace hyperdbg {

// What stands in the braces of `code`, `condition` and their `asm` forms.
struct MachineCode {
  std::string text;
  bool assembly = false;
};

// "48 8b 5a 40", "488b5a40", "0x48, \x8b": an odd number of digits gets a leading zero.
Expected<Bytes> parse_hexadecimal(std::string_view text);

// The bytes with the RET that the manual promises behind both forms.
Expected<Bytes> build_code(const MachineCode& code, const assembler::AddressOf& address_of);

}  // namespace hyperdbg
