// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/exception_frame.hpp"
#include "hypervisor/core/vcpu.hpp"
#include "x86/decoder.hpp"

namespace hyperdbg {

/*
 * MOV, PUSH, POP, LFS and LGS in custom code: root mode has segments and descriptors of its own, so what stands in the
 * code, and is about to be executed, is done with the guest's. General registers are those of the frame. SS and CS
 * cannot be loaded so.
 */
struct SegmentMove {
  struct Access {
    u64 address;  // linear
    u8 size;
  };

  u8 length = 0;  // of the instruction; 0: it is another one
  x86::Segment segment = x86::Segment::none;
  bool loads = false;             // the segment register, from memory or a general one; else it is what is stored
  u8 general = x86::no_register;  // the other one of a MOV between registers; of LFS and LGS where the offset goes
  u8 operand_size = 0;            // of `general`
  s32 stack = 0;                  // what RSP changes by
  u8 accesses = 0;                // of memory; they are the caller's, because they may fault as the code's own
  Access access[2] = {};          // the selector, then the offset
};

struct SegmentFault {
  u8 vector = 0;  // 0: none
  u16 error_code = 0;
};

SegmentMove decode_segment_move(const ExceptionFrame& frame, const u8* code, u64 size);

u64 selector_of(const Vcpu& vcpu, x86::Segment segment);

// `loaded`: what the accesses gave. RIP and RSP go on, unless it faults.
SegmentFault finish_segment_move(Vcpu& vcpu, ExceptionFrame& frame, const SegmentMove& move, const u64 (&loaded)[2]);

}  // namespace hyperdbg
