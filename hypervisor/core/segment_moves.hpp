// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/exception_frame.hpp"
#include "hypervisor/core/vcpu.hpp"

namespace hyperdbg {

struct SegmentMove {
  u8 length = 0;  // of the instruction; 0: it is another one
  u8 fault = 0;   // the vector of the fault in its place, 0: none
  u16 error_code = 0;
};

/*
 * MOV between a segment register and a general one, in custom code: root mode has segments and descriptors of its own,
 * so what stands in `code`, and is about to be executed, is done with the guest's. General registers are those of
 * `frame`. SS and CS cannot be loaded so.
 */
SegmentMove move_segment(Vcpu& vcpu, ExceptionFrame& frame, const u8* code, u64 size);

}  // namespace hyperdbg
