// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "abi/event.h"
#include "session/event_arguments.hpp"

namespace hyperdbg {

// One event command. What is not built yet has a row all the same, so that it is refused by name: it has no `take`.
struct EventKind {
  std::string_view name;
  std::string_view alias;  // empty if none
  std::uint32_t kind;
  TakeArguments* take;
  std::uint32_t stages;            // mask of hyperdbg_stage
  std::string_view argument_name;  // as in the syntax line
  std::string_view summary;
  std::string_view context;      // what $context is
  std::string_view examples;     // one per line
  std::string_view notes;        // what one should know before; may be empty
  std::string_view remark = {};  // said when such an event is made; may be empty

  constexpr bool built() const { return take != nullptr; }
};

std::span<const EventKind> event_kinds();

// By command name or alias, in any case; nullptr if it is no event command.
const EventKind* find_event_kind(std::string_view name);

}  // namespace hyperdbg
