// SPDX-License-Identifier: MIT
#pragma once
#include "lab/files.hpp"
#include "lab/guest.hpp"

namespace hyperdbg::lab {

// As Guest::boot(). For Debugger Mode the kernel's symbol files are on the host afterwards, kept there for each
// release: the first time they are fetched from the guest, or, where that cannot share files, from one in QEMU before
// it.
Expected<std::unique_ptr<Guest>> boot_with_symbols(const Files& files, const MachineNeeds& needs,
                                                   const EmulatorOptions& options, Milliseconds patience);

}  // namespace hyperdbg::lab
