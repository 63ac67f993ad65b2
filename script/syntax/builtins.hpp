// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <string_view>

namespace hyperdbg::script {

enum class Operation {
  read,   // memory keywords: `size` bytes, then the bits asked for
  write,  // 1 = written, 0 = the address is not mapped
  complement,
  negate,
  short_circuit,
  test_statement,
};

enum class Space { virtual_memory, physical_memory };

// A function or memory keyword of the language.
struct Builtin {
  std::string_view name;
  Operation operation;
  std::size_t parameters;
  bool has_value = true;
  unsigned size = 0;  // bytes read or written
  unsigned low_bit = 0;
  unsigned width = 64;  // bits of the read value, from low_bit on, that count
  Space space = Space::virtual_memory;
};

// Pointers into a constant table; null if there is none of this name.
const Builtin* find_builtin(std::string_view name);

// A function of the reference that this version does not have.
bool is_missing_builtin(std::string_view name);

}  // namespace hyperdbg::script
