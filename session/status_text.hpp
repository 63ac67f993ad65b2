// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <string>

#include "abi/device.h"
#include "session/error.hpp"

namespace hyperdbg {

// The sentence for a status of abi/status.h, with the remedy where there is one; without "err," and code.
std::string_view status_text(std::uint32_t status);

// "err, TEXT (c0000046)".
Error status_error(std::uint32_t status);

// Why HYPERDBG_IOCTL_START failed; the errno matters when the module gives no reason of its own.
Error start_error(const hyperdbg_start& start, int error);

}  // namespace hyperdbg
