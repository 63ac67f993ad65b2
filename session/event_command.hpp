// SPDX-License-Identifier: MIT
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "abi/request.h"
#include "session/error.hpp"
#include "session/event_kinds.hpp"
#include "session/tokens.hpp"

namespace hyperdbg {

// What an event command says, checked; its script is not compiled yet.
struct EventDefinition {
  const EventKind* kind = nullptr;
  std::uint64_t key = HYPERDBG_ANY_KEY;
  std::uint64_t mask = 0;  // of `!crwrite`, 0 = all bits
  std::uint32_t stage = HYPERDBG_PRE;
  std::uint32_t flags = HYPERDBG_EVENT_ENABLED;
  std::uint32_t process = HYPERDBG_ANY_PROCESS;
  std::uint32_t core = HYPERDBG_ANY_CORE;
  std::optional<std::string> script;
  std::vector<std::string> outputs;  // names of sources (session/output_sources.hpp)
  std::string text;                  // the command as `events` shows it
};

// What the checks have to know of the session.
struct EventRules {
  hyperdbg_mode mode = HYPERDBG_MODE_DEBUGGER;
  std::uint32_t cores = 1;
  std::function<bool(std::uint32_t)> process_exists;  // asked in VMI Mode only
  std::function<Expected<void>(const std::vector<std::string>&)> check_outputs = {};
};

// `!name [own arguments] [pid X|all] [core X] [imm yes|no] [sc on|off] [stage pre|post|all] [script {...}]
// [output {...}]...` in any order.
Expected<EventDefinition> parse_event_command(const Tokens& tokens, const EventRules& rules);

}  // namespace hyperdbg
