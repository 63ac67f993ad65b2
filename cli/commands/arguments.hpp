// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <optional>

#include "cli/command.hpp"
#include "session/session.hpp"

namespace hyperdbg {

// `[Address] [l Length] [pid X]`, as memory commands take it.
struct RangeArguments {
  std::optional<std::uint64_t> address;
  std::optional<std::uint64_t> length;
  std::vector<std::string> rest;  // what else stood there, in order
};

Expected<RangeArguments> read_range(Session& session, const CommandLine& line);

// "!db" and the like are about physical memory.
hyperdbg_address_kind address_kind_of(const CommandLine& line);

// The message for an address that nothing is mapped at.
std::unexpected<Error> invalid_address(std::uint64_t address);

}  // namespace hyperdbg
