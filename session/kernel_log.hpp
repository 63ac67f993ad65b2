// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "session/bytes.hpp"
#include "session/error.hpp"
#include "symbols/btf.hpp"

namespace hyperdbg {

using ReadBytes = std::function<Expected<Bytes>(std::uint64_t address, std::size_t size)>;

/*
 * The kernel's messages out of its ring buffer (kernel/printk/printk_ringbuffer.c, Linux 5.10 and later), with the help
 * of nobody in the debuggee. `pointer` is the address of the variable `prb`. The newest `records` messages, one a line,
 * with the time as dmesg shows it.
 */
Expected<std::string> read_kernel_log(std::uint64_t pointer, const Btf& types, std::size_t records,
                                      const ReadBytes& read);

}  // namespace hyperdbg
