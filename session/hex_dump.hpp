// SPDX-License-Identifier: MIT
#pragma once
#include <string>

#include "session/bytes.hpp"

namespace hyperdbg {

// Sixteen bytes a line, with their address and as characters; lines end in a newline.
std::string hex_dump(std::uint64_t address, ByteView bytes);

}  // namespace hyperdbg
