// SPDX-License-Identifier: MIT
#pragma once
#include "base/types.hpp"

namespace hyperdbg::cpuid_event {

constexpr bool valid_key(u64 leaf) {
  return leaf <= 0xffffffff;
}

}  // namespace hyperdbg::cpuid_event
