// SPDX-License-Identifier: MIT
#pragma once
#include "base/types.hpp"

namespace hyperdbg::payload {

// What leaving must give back to the bare processor.
struct BareState {
  struct Value {
    const char* name;
    u64 value;
  };
  Value values[28];
};

BareState read_bare_state();

// The first register that differs, or null.
const char* difference(const BareState& before, const BareState& after);

}  // namespace hyperdbg::payload
