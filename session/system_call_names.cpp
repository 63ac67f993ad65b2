// SPDX-License-Identifier: MIT
#include "session/system_call_names.hpp"

#include <algorithm>
#include <span>

#include "session/tokens.hpp"

namespace hyperdbg {
namespace {

struct SystemCallName {
  std::string_view name;
  std::uint32_t number;
};
#include "system_call_names_table.inc"

const SystemCallName* find(std::span<const SystemCallName> names, std::string_view name) {
  const auto found = std::ranges::find(names, to_lower(name), &SystemCallName::name);
  return found == names.end() ? nullptr : &*found;
}

}  // namespace

std::optional<std::uint32_t> system_call_number(std::string_view name) {
  const SystemCallName* const found = find(system_calls_64, name);
  return found == nullptr ? std::nullopt : std::optional(found->number);
}

bool is_32_bit_system_call(std::string_view name) {
  return find(system_calls_32, name) != nullptr;
}

}  // namespace hyperdbg
