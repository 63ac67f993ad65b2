// SPDX-License-Identifier: MIT
#pragma once
#include <string>
#include <vector>

#include "session/session.hpp"

namespace hyperdbg {

// One line per event: number, state, command (cut at 70 characters).
std::string render_events(const std::vector<ListedEvent>& events);

// The figures of each event, and the machine's exits at the end.
std::string render_event_statistics(const std::vector<ListedEvent>& events, std::uint64_t exits);

// "event 0x3 triggered (post)" and the like; empty for a halt that the user asked for.
std::string render_halt_reason(const hyperdbg_halted& halted);

}  // namespace hyperdbg
