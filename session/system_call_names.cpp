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

std::optional<std::uint32_t> find(std::span<const SystemCallName> names, std::string_view name) {
  const auto found = std::ranges::find(names, to_lower(name), &SystemCallName::name);
  return found == names.end() ? std::nullopt : std::optional(found->number);
}

}  // namespace

std::optional<std::uint32_t> system_call_number(std::string_view name) {
  return find(system_calls_64, name);
}

std::optional<std::uint32_t> system_call_number_32(std::string_view name) {
  return find(system_calls_32, name);
}

}  // namespace hyperdbg
