// SPDX-License-Identifier: MIT
#pragma once
#include <optional>
#include <span>
#include <string_view>

#include "abi/registers.h"
#include "abi/script.h"

namespace hyperdbg::script {

// A name of a register or of a part of one: `width` bits from bit `shift` on.
struct RegisterName {
  std::string_view name;
  hyperdbg_register number;
  unsigned shift = 0;
  unsigned width = 64;
};
std::span<const RegisterName> all_registers();
std::optional<RegisterName> find_register(std::string_view name);

enum class PseudoSource {
  context,    // a field of the script's context
  runtime,    // asked from the runtime
  register_,  // another name for a register
  zero,       // without a meaning on Linux
};

struct PseudoName {
  std::string_view name;
  PseudoSource source;
  unsigned number;  // offset in the context, enum hyperdbg_pseudo_register, or enum hyperdbg_register
};
std::span<const PseudoName> all_pseudo_registers();
std::optional<PseudoName> find_pseudo_register(std::string_view name);

}  // namespace hyperdbg::script
