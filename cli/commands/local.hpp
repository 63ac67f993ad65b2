// SPDX-License-Identifier: MIT
#pragma once
#include "session/local_machine.hpp"

namespace hyperdbg {

class Console;

// What `load`, `.debug prepare` and `exit` have in common: this machine's own hypervisor.
void print_processor(Console& console);
Expected<Device> open_device_and_start(Console& console, const hyperdbg_start& start);
Expected<void> stop_vmm(Console& console, bool remove);

}  // namespace hyperdbg
