// SPDX-License-Identifier: MIT
#pragma once
#include "base/types.hpp"

namespace hyperdbg {

// CRC-32C (Castagnoli), as iSCSI and the SSE 4.2 instruction compute it. Pass the previous result as `seed` to continue
// over several pieces.
u32 crc32c(const void* bytes, std::size_t size, u32 seed = 0);

}  // namespace hyperdbg
