// SPDX-License-Identifier: MIT
#pragma once
#include <span>

#include "base/types.hpp"

namespace hyperdbg {

// What can be said of custom code without running it. When in doubt, both are true.
struct CodeTraits {
  // It might not come to its end: it is executed step by step and its instructions are counted.
  bool watched = true;
  // It might read or write registers that the processor holds only while the guest runs.
  bool touches_state = true;
};

CodeTraits examine_code(std::span<const u8> code);

}  // namespace hyperdbg
