// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "abi/script.h"

namespace hyperdbg::script {

enum class Operation {
  read,   // memory keywords: `size` bytes, then the bits asked for
  write,  // 1 = written, 0 = the address is not mapped
  complement,
  negate,
  short_circuit,
  test_statement,
  service,  // `service` of the runtime
};

enum class Space { virtual_memory, physical_memory };

enum class Result { none, is_unsigned, is_signed };

// What the first arguments may be beside values.
enum class Arguments {
  values,
  strings,       // the first `text_arguments`: "..."
  wide_strings,  // L"..."
  any_strings,   // either
  variable,      // the first: the address of a variable; a global stands for its address
};

// A function or memory keyword of the language.
struct Builtin {
  std::string_view name;
  Operation operation;
  std::size_t parameters;
  Result result = Result::is_unsigned;
  unsigned size = 0;  // bytes read or written
  unsigned low_bit = 0;
  unsigned width = 64;  // bits of the read value, from low_bit on, that count
  Space space = Space::virtual_memory;
  hyperdbg_script_service service = HYPERDBG_SERVICE_COUNT;
  Arguments arguments = Arguments::values;
  std::size_t text_arguments = 0;
  std::uint64_t filler = 0;  // what a service gets as the argument that the language does not have

  bool has_value() const { return result != Result::none; }
};

std::span<const Builtin> all_builtins();
// Pointers into a constant table; null if there is none of this name.
const Builtin* find_builtin(std::string_view name);

// "is `strlen` meant?", for the name of a function that is not known; empty if none is near.
std::string nearest_function(std::string_view name);

}  // namespace hyperdbg::script
