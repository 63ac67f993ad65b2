// SPDX-License-Identifier: MIT
#pragma once
#include "lab/files.hpp"
#include "lab/guest.hpp"

namespace hyperdbg::lab {

// The kernel's symbol files, kept on the host for each release: fetched from the guest the first time.
Expected<void> ensure_symbols(const Files& files, Guest& guest);

}  // namespace hyperdbg::lab
