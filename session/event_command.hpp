// SPDX-License-Identifier: MIT
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "abi/request.h"
#include "session/error.hpp"
#include "session/event_kinds.hpp"
#include "session/machine_code.hpp"
#include "session/tokens.hpp"

namespace hyperdbg {

// One action as it was typed: a script's text, code, or the list of `log`; nothing for a break.
struct ActionDefinition {
  hyperdbg_action_kind kind = HYPERDBG_ACTION_BREAK;
  MachineCode text;
};

// What an event command says, checked; nothing is compiled yet.
struct EventDefinition {
  const EventKind* kind = nullptr;
  std::uint32_t trigger = 0;  // enum hyperdbg_event_kind; of some words another than the command's
  std::string_view remark;    // to be said when it is made; may be empty
  std::uint64_t key = HYPERDBG_ANY_KEY;
  std::uint64_t mask = 0;  // of `!crwrite`, 0 = all bits
  std::uint32_t stage = HYPERDBG_PRE;
  std::uint32_t flags = HYPERDBG_EVENT_ENABLED;
  std::uint32_t process = HYPERDBG_ANY_PROCESS;
  std::uint32_t core = HYPERDBG_ANY_CORE;
  std::uint32_t buffer_size = 0;
  std::optional<MachineCode> condition;
  std::vector<ActionDefinition> actions;  // in the order in which they run
  std::vector<std::string> outputs;       // names of sources (session/output_sources.hpp)
  std::string text;                       // the command as `events` shows it
};

// What the checks have to know of the session.
struct EventRules {
  hyperdbg_mode mode = HYPERDBG_MODE_DEBUGGER;
  std::uint32_t cores = 1;
  std::function<bool(std::uint32_t)> process_exists;  // asked in VMI Mode only
  std::function<Expected<void>(const std::vector<std::string>&)> check_outputs = {};
  bool actions_come_later = false;  // without any, there is none, instead of a break
};

// `!name [own arguments] [pid X|all] [core X] [imm yes|no] [sc on|off] [stage pre|post|all] [buffer X]
// [[asm] condition {...}] [[asm] code {...}] [script {...}] [log {...}] [output {...}]` in any order.
Expected<EventDefinition> parse_event_command(const Tokens& tokens, const EventRules& rules);

// An action for an event that is there.
struct ActionRequest {
  ActionDefinition definition;
  Bytes code;                     // instead of the definition's text: as it is, with nothing appended
  std::uint32_t buffer_size = 0;  // of the event's safe buffer, if it has none yet; 0 for none
  bool accumulate = false;        // what its code returns
};

// `script {...}`, `[asm] code {...}`, `log {...}` or `break`, and `buffer X`, from the word at `from` on.
Expected<ActionRequest> parse_action_command(const Tokens& tokens, std::size_t from);

}  // namespace hyperdbg
