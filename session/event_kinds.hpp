// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "abi/event.h"

namespace hyperdbg {

enum class OwnArgument { none, optional_32_bit, other };

// One event command. What is not built yet has a row all the same, so that it is refused by name.
struct EventKind {
  std::string_view name;
  std::string_view alias;  // empty if none
  std::uint32_t kind;
  OwnArgument argument;
  std::uint32_t stages;  // mask of hyperdbg_stage
  bool built;
  std::string_view argument_name;  // as in the syntax line
  std::string_view summary;
  std::string_view context;   // what $context is
  std::string_view examples;  // one per line
};

std::span<const EventKind> event_kinds();

// By command name or alias, in any case; nullptr if it is no event command.
const EventKind* find_event_kind(std::string_view name);

}  // namespace hyperdbg
