// SPDX-License-Identifier: MIT
#pragma once
#include <span>

#include "base/types.hpp"

namespace hyperdbg::msr_event {

// What `!msrread` and `!msrwrite` without a number leave alone: MSRs that are touched so often, or so early on the way
// into the kernel, that watching them by accident would be felt. Naming one of them is allowed.
inline constexpr u32 mperf = 0xe7;
inline constexpr u32 aperf = 0xe8;
inline constexpr u32 kernel_gs_base = 0xc0000102;
inline constexpr u32 spec_ctrl = 0x48;
inline constexpr u32 pred_cmd = 0x49;

inline constexpr u32 read_exceptions[] = {kernel_gs_base, mperf, aperf};
inline constexpr u32 write_exceptions[] = {kernel_gs_base, mperf, aperf, spec_ctrl, pred_cmd};

}  // namespace hyperdbg::msr_event
