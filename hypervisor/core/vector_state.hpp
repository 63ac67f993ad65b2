// SPDX-License-Identifier: MIT
#pragma once
#include "base/types.hpp"

namespace hyperdbg {

/*
 * The guest's vector state while a script with floating point runs. The image is compiled for general registers only,
 * so between begin and end nothing but the script's own code touches it. That code is legacy SSE, which leaves the
 * upper halves of YMM and ZMM registers and everything from XMM16 on as they are (APM vol. 1, 4.2.2; Intel SDM vol.
 * 1, 14.8): what is not touched needs no saving, whatever XCR0 has enabled.
 */
struct alignas(16) VectorState {
  u8 xmm[16][16];
  u32 mxcsr;
  u64 cr0, cr4;  // of root mode, which may have been entered with SSE switched off
};
static_assert(__builtin_offsetof(VectorState, mxcsr) == 256);

void begin_vectors(VectorState& guest);
void end_vectors(const VectorState& guest);

}  // namespace hyperdbg
