// SPDX-License-Identifier: MIT
#pragma once
#include "base/types.hpp"

// I/O ports as the guest sees them. `size` is 1, 2 or 4 bytes.
namespace hyperdbg {

// The debugger's UART is not there for the guest: it reads as ones, and what is written is lost.
u32 read_port(u16 port, u8 size);
void write_port(u16 port, u8 size, u32 value);

// The map of ports whose accesses exit: one bit for each with both vendors (AMD APM vol. 2, 15.10.1; Intel SDM vol. 3,
// 25.6.4). Nothing but the hidden ports, or a port more; HYPERDBG_ANY_KEY stands for all.
void clear_port_intercepts(u8* map);
void add_port_intercept(u8* map, u64 port);

}  // namespace hyperdbg
