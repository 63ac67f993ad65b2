// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "session/error.hpp"

namespace hyperdbg {

// What the words of an event's own say to the debuggee.
struct OwnArguments {
  std::uint64_t key;        // HYPERDBG_ANY_KEY to begin with
  std::uint32_t trigger;    // enum hyperdbg_event_kind; the command's to begin with
  std::string_view remark;  // what is said when such an event is made; the command's to begin with
  std::uint64_t mask = 0;   // hyperdbg_event's
  std::uint32_t flags = 0;  // enum hyperdbg_event_flag, in addition
};

// Reads the words that the common grammar leaves over. `name` is the command's.
using TakeArguments = Expected<void>(OwnArguments& arguments, std::string_view name,
                                     std::span<const std::string> words);

TakeArguments take_none, take_32_bits, take_port, take_exception, take_interrupt, take_control_register,
    take_system_call, take_faulting_system_call, take_faulting_system_return;

}  // namespace hyperdbg
