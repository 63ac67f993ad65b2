// SPDX-License-Identifier: MIT
#pragma once
#include "base/field.hpp"

// A gate of the IDT in long mode. AMD APM vol. 2, 4.8.4 and 8.9; Intel SDM vol. 3, 6.14.1 and 6.12.1.1.
namespace hyperdbg::x86 {

// Its first half; the second has the upper bits of the offset.
struct Gate : Register<Gate> {
  static constexpr Field<47, 47, bool> present{};
  static constexpr Field<46, 45, u8> privilege_level{};  // INT n with a higher CPL raises #GP
  static constexpr u64 size = 16;
};

// Of an exception that a gate raises: its vector, and the bit that says that the IDT is meant.
constexpr u32 gate_error_code(u8 vector) {
  return u32{vector} << 3 | 2;
}

}  // namespace hyperdbg::x86
