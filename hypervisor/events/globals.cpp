// SPDX-License-Identifier: MIT
#include "hypervisor/events/globals.hpp"

namespace hyperdbg {

static bool equal(const char* known, std::span<const u8> name) {
  for (std::size_t i = 0; i < name.size(); ++i)
    if (static_cast<u8>(known[i]) != name[i]) return false;
  return known[name.size()] == 0;
}

Result<u32> Globals::slot(std::span<const u8> name) {
  if (name.empty() || name.size() >= HYPERDBG_GLOBAL_NAME_SIZE) return HYPERDBG_MALFORMED;
  for (u8 byte : name)
    if (byte == 0) return HYPERDBG_MALFORMED;
  for (u32 i = 0; i < count_; ++i)
    if (equal(names_[i], name)) return i;
  if (count_ == HYPERDBG_MAXIMUM_GLOBALS) return HYPERDBG_NO_GLOBAL_SLOT;
  for (std::size_t i = 0; i < HYPERDBG_GLOBAL_NAME_SIZE; ++i)
    names_[count_][i] = i < name.size() ? static_cast<char>(name[i]) : '\0';
  values_[count_] = 0;
  return count_++;
}

void Globals::clear() {
  count_ = 0;
  for (u64& value : values_) value = 0;
}

}  // namespace hyperdbg
