// SPDX-License-Identifier: MIT
#pragma once
#include <span>

#include "abi/limits.h"
#include "base/result.hpp"
#include "base/types.hpp"

namespace hyperdbg {

// The global variables of all scripts together: a name keeps its slot until clear().
class Globals {
 public:
  // The slot of this name, a new one if need be.
  Result<u32> slot(std::span<const u8> name);
  u64* values() { return values_; }
  u32 count() const { return count_; }
  const char* names() const { return names_[0]; }  // count() times HYPERDBG_GLOBAL_NAME_SIZE
  void clear();

 private:
  u32 count_ = 0;
  u64 values_[HYPERDBG_MAXIMUM_GLOBALS]{};
  char names_[HYPERDBG_MAXIMUM_GLOBALS][HYPERDBG_GLOBAL_NAME_SIZE]{};
};

}  // namespace hyperdbg
